/**
 * The page's few signs, drawn here: nothing is loaded from anywhere.
 */

import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const Mark = () => (
  <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
    <rect x="1" y="1" width="20" height="20" rx="5" fill="var(--accent)" />
    <path d="M5 8h12M5 12h12M9 5v12" stroke="#fff" strokeOpacity=".45" strokeWidth="1.2" />
    <path
      d="M5 15.5c3-.3 4.200-2.200 5.600-4.300S13.600 6.600 17 6.500"
      stroke="#fff"
      strokeWidth="1.8"
      fill="none"
      strokeLinecap="round"
    />
  </svg>
);

export const Undo = () => (
  <Icon>
    <path d="M6 3 3 6l3 3" />
    <path d="M3 6h6.500a3.500 3.500 0 0 1 0 7H6" />
  </Icon>
);

export const Redo = () => (
  <Icon>
    <path d="m10 3 3 3-3 3" />
    <path d="M13 6H6.500a3.500 3.500 0 0 0 0 7H10" />
  </Icon>
);

export const Chart = () => (
  <Icon>
    <path d="M2.500 2.500v11h11" />
    <path d="m5 10 3-4 2 2 3.500-4.500" />
  </Icon>
);

export const Sun = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.800" />
    <path d="M8 1.500v1.300M8 13.200v1.300M1.500 8h1.300M13.200 8h1.300M3.400 3.400l.9.9M11.700 11.700l.9.9M3.400 12.600l.9-.9M11.700 4.300l.9-.9" />
  </Icon>
);

export const Moon = () => (
  <Icon>
    <path d="M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500Z" />
  </Icon>
);

export const HalfMoon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.500" />
    <path d="M8 2.500v11a5.500 5.500 0 0 0 0-11Z" fill="currentColor" />
  </Icon>
);

export const Cross = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
