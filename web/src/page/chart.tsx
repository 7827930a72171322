/**
 * A chart that fills its place and follows it.
 */

import type { ECharts } from "echarts/core";
import { useEffect, useRef, useState } from "react";

import type { Colors, Option } from "./charts";

export function ChartView({ option, label }: { option: Option; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts | null>(null);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let drawn: ECharts | null = null;
    let isOpen = true;
    const watcher = new ResizeObserver(() => drawn?.resize());
    import("./echarts").then(
      ({ drawOn }) => {
        if (!isOpen) return;
        drawn = drawOn(element);
        watcher.observe(element);
        setChart(drawn);
      },
      () => {
        if (isOpen) setMissing(true);
      },
    );
    return () => {
      isOpen = false;
      watcher.disconnect();
      drawn?.dispose();
    };
  }, []);
  useEffect(() => {
    chart?.setOption(option, { notMerge: true });
  }, [chart, option]);
  if (isMissing) return <p role="alert">The charts couldn’t be loaded. Load the page again.</p>;
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
