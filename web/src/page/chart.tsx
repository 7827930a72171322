/**
 * A chart that fills its place and follows it.
 */

import { useEffect, useRef } from "react";

import { type Colors, drawOn, type Option } from "./charts";

export function ChartView({ option, label }: { option: Option; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof drawOn> | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = drawOn(element);
    chart.current = drawn;
    const watcher = new ResizeObserver(() => {
      drawn.resize();
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      drawn.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(option, { notMerge: true });
  }, [option]);
  return <div className="chart" ref={place} role="img" aria-label={label} />;
}

/** The page's colours as they are now, for what is drawn on a canvas. */
export function colorsNow(): Colors {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: read("--text"),
    quiet: read("--quiet"),
    line: read("--line"),
    surface: read("--surface"),
  };
}
