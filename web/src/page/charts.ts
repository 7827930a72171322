/**
 * The two charts, in ECharts' words.
 *
 * Decided here: how they look. Decided elsewhere: what they show (`series.ts`), what draws them
 * (`echarts.ts`).
 */

import type { ECharts } from "echarts/core";

import type { Curve } from "../protocol/messages";
import type { Compared } from "./series";
import { short } from "./words";

export type Option = Parameters<ECharts["setOption"]>[0];

export interface Colors {
  text: string;
  quiet: string;
  line: string;
  surface: string;
}

// Told apart by people who see fewer colours, too (Okabe and Ito).
const PALETTE = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#d55e00",
  "#56b4e9",
  "#cc79a7",
  "#7a6ff0",
  "#8c8c8c",
];
const SCALE = ["#3b4cc0", "#7b9ff9", "#c0d4f5", "#f2cbb7", "#ee8468", "#b40426"];

export function curvesOption(
  curves: readonly { name: string; curve: Curve }[],
  metric: string,
  colors: Colors,
  how: { log: boolean },
): Option {
  return {
    animation: false,
    color: PALETTE,
    textStyle: { color: colors.text, fontFamily: "inherit" },
    grid: { left: 8, right: 16, top: 40, bottom: 28, containLabel: true },
    legend: {
      type: "scroll",
      top: 4,
      textStyle: { color: colors.text },
      pageTextStyle: { color: colors.text },
      itemWidth: 14,
      itemHeight: 8,
    },
    tooltip: {
      trigger: "axis",
      backgroundColor: colors.surface,
      borderColor: colors.line,
      textStyle: { color: colors.text },
      renderMode: "richText", // names of runs are text, never HTML
      valueFormatter: (value: unknown) => (typeof value === "number" ? short(value) : ""),
    },
    xAxis: {
      type: "value",
      name: "step",
      nameLocation: "middle",
      nameGap: 24,
      min: "dataMin",
      max: "dataMax",
      minInterval: 1,
      axisLabel: { color: colors.quiet },
      splitLine: { show: false },
    },
    yAxis: {
      type: how.log ? "log" : "value",
      name: metric,
      scale: true,
      nameTextStyle: { color: colors.quiet, align: "left" },
      axisLabel: { color: colors.quiet, formatter: (value: number) => short(value) },
      splitLine: { lineStyle: { color: colors.line } },
    },
    series: curves.map(({ name, curve }) => ({
      type: "line",
      name,
      data: curve.steps.map((step, at) => [step, curve.values[at]]),
      showSymbol: curve.steps.length < 2,
      sampling: "lttb",
      lineStyle: { width: 1.8 },
    })),
  };
}

export function parallelOption(found: Compared, colors: Colors): Option {
  const metric = found.axes.length - 1;
  const values = found.runs.map((run) => run.values[metric]).filter((one) => typeof one === "number");
  return {
    animation: false,
    textStyle: { color: colors.text, fontFamily: "inherit" },
    parallel: {
      left: 48,
      right: 56,
      top: 44,
      bottom: 56,
      parallelAxisDefault: {
        nameLocation: "end",
        nameGap: 14,
        nameTextStyle: { color: colors.text, fontSize: 11 },
        axisLine: { lineStyle: { color: colors.quiet } },
        axisLabel: { color: colors.quiet, fontSize: 10 },
      },
    },
    tooltip: {
      backgroundColor: colors.surface,
      borderColor: colors.line,
      textStyle: { color: colors.text },
      renderMode: "richText",
    },
    parallelAxis: found.axes.map((axis, dim) => ({
      dim,
      name: axis.name,
      type: axis.kind === "text" ? "category" : axis.log ? "log" : "value",
      ...(axis.kind === "text"
        ? { data: axis.texts }
        : { scale: true, min: "dataMin", max: "dataMax" }),
      axisLabel: {
        color: colors.quiet,
        fontSize: 10,
        formatter: (value: unknown) => (typeof value === "number" ? short(value) : String(value)),
      },
    })),
    visualMap: {
      type: "continuous",
      dimension: metric,
      min: Math.min(...values),
      max: Math.max(...values),
      orient: "horizontal",
      left: "center",
      bottom: 8,
      itemWidth: 10,
      itemHeight: 120,
      precision: 4,
      textStyle: { color: colors.quiet },
      formatter: (value: unknown) => short(Number(value)),
      inRange: { color: SCALE },
    },
    series: [
      {
        type: "parallel",
        lineStyle: { width: 1.6, opacity: 0.75 },
        inactiveOpacity: 0.04,
        activeOpacity: 1,
        data: found.runs.map((run) => ({ name: run.name, value: run.values })),
      },
    ],
  };
}
