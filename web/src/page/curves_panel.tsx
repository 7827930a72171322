/**
 * Learning curves of the selected rows.
 */

import { useMemo, useState } from "react";

import type { MetricsAnswer } from "../protocol/messages";
import type { Controller } from "./controller";
import { ChartView, colorsNow } from "./chart";
import { curvesOption } from "./charts";
import { MetricButtons } from "./metric_buttons";
import { usePolled } from "./polled";
import { runName } from "./series";
import { usePage } from "./store";

const EVERY = 2_000;
const MOST = 24; // curves that can be told apart, and a bit more

export function CurvesPanel({ controller }: { controller: Controller }) {
  const { selected, theme } = usePage(controller.store);
  const [chosen, setChosen] = useState<string | null>(null);
  const [log, setLog] = useState(false);
  const sheetId = selected?.sheetId ?? -1;
  const tab = controller.session.loaded ? controller.session.workbook.tab(sheetId) : undefined;
  const rows = (selected?.rows ?? [])
    .filter((row) => (tab?.rows.placeOf(row) ?? 0) >= 2 && !tab?.isBlankRow(row))
    .slice(0, MOST);
  const key = `${String(sheetId)}:${rows.join()}`;
  const { value, why } = usePolled<MetricsAnswer>(
    key,
    () => (rows.length > 0 ? controller.curves(sheetId, rows) : Promise.resolve({ runs: {} })),
    EVERY,
  );
  const metrics = useMemo(() => {
    return [...new Set(Object.values(value?.runs ?? {}).flatMap((run) => Object.keys(run.metrics)))];
  }, [value]);
  const metric = chosen !== null && metrics.includes(chosen) ? chosen : metrics[0];
  const option = useMemo(() => {
    if (metric === undefined || value === null || tab === undefined) return null;
    const curves = rows.flatMap((row) => {
      const curve = value.runs[String(row)]?.metrics[metric];
      return curve === undefined ? [] : [{ name: runName(tab, row), curve }];
    });
    return curvesOption(curves, metric, colorsNow(), { log });
    // The rows are in the value, and colours change with the theme.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [value, metric, log, theme]);
  if (rows.length === 0) {
    return <p className="hint">Select one or more runs in the sheet to see their curves.</p>;
  }
  if (why !== null && value === null) return <p className="hint">{why}</p>;
  if (value === null) return <p className="hint">Loading…</p>;
  if (option === null || metric === undefined) {
    return (
      <p className="hint">
        {rows.length === 1 ? "This run hasn’t logged anything yet." : "These runs haven’t logged anything yet."}{" "}
        Each call of <code>run.log(loss=…)</code> becomes a point here.
      </p>
    );
  }
  return (
    <>
      <div className="choices">
        <MetricButtons metrics={metrics} chosen={metric} choose={setChosen} />
        <label>
          <input
            type="checkbox"
            checked={log}
            onChange={(event) => {
              setLog(event.target.checked);
            }}
          />{" "}
          log scale
        </label>
      </div>
      <ChartView option={option} label={`${metric} of the selected runs, by step`} />
    </>
  );
}
