/**
 * Something that is asked for again and again while it is looked at.
 */

import { useEffect, useState } from "react";

import { NoAnswer, Refused } from "../protocol/http";

export interface Polled<T> {
  value: T | null;
  /** Why there is no newer one. */
  why: string | null;
}

/** `key` names what is asked for: another key begins anew. */
export function usePolled<T>(key: string, ask: () => Promise<T>, every: number): Polled<T> {
  const [found, setFound] = useState<Polled<T> & { key: string }>({ key, value: null, why: null });
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      try {
        const value = await ask();
        if (!over) setFound({ key, value, why: null });
      } catch (error) {
        if (!(error instanceof NoAnswer || error instanceof Refused)) throw error;
        if (!over) setFound((before) => ({ ...before, key, why: error.message }));
      }
      if (!over) timer = setTimeout(() => void look(), every);
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
    // `ask` is made anew with each render; what it asks for is in the key.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, every]);
  return found.key === key ? found : { value: null, why: null };
}
