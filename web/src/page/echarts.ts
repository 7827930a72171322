/**
 * ECharts, with the rooms that the two charts need. Nothing of it is loaded before a chart is shown.
 */

import { LineChart, ParallelChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  LineChart,
  ParallelChart,
  GridComponent,
  LegendComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

export function drawOn(element: HTMLElement): echarts.ECharts {
  return echarts.init(element, null, { renderer: "canvas" });
}
