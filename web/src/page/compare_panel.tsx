/**
 * All finished runs: their hyperparameters against a metric, on parallel coordinates.
 */

import { useMemo, useState } from "react";

import type { Controller } from "./controller";
import { ChartView, colorsNow } from "./chart";
import { parallelOption } from "./charts";
import { MetricButtons } from "./metric_buttons";
import { compared } from "./series";
import { usePage } from "./store";
import { short } from "./words";

export function ComparePanel({ controller }: { controller: Controller }) {
  const { summary, revision, theme } = usePage(controller.store);
  const [chosen, setChosen] = useState<string | null>(null);
  const queue = summary?.isQueue ? summary : null;
  const metrics = queue?.columns.metrics ?? [];
  const metric = chosen !== null && metrics.includes(chosen) ? chosen : metrics[0];
  const sheetId = controller.grid.activeSheetId ?? -1;
  const tab = controller.session.loaded ? controller.session.workbook.tab(sheetId) : undefined;
  const found = useMemo(() => {
    if (queue === null || metric === undefined || tab === undefined) return null;
    return compared(tab, queue, metric);
    // The tab is changed in place; its revision tells.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [queue, metric, tab, revision]);
  const option = useMemo(
    () => (found === null ? null : parallelOption(found, colorsNow())),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- colours change with the theme
    [found, theme],
  );
  if (queue === null) return <p className="hint">This tab isn’t a run queue.</p>;
  if (found === null || option === null || metric === undefined || found.runs.length === 0) {
    return (
      <p className="hint">
        No finished run has a metric yet. As soon as runs are done, this shows which hyperparameters
        led to which result.
      </p>
    );
  }
  const best = [...found.runs].sort(
    (one, other) => Number(one.values.at(-1)) - Number(other.values.at(-1)),
  );
  return (
    <>
      <div className="choices">
        <MetricButtons metrics={metrics} chosen={metric} choose={setChosen} />
      </div>
      {found.axes.length > 1 ? (
        <ChartView option={option} label={`Hyperparameters of finished runs against ${metric}`} />
      ) : (
        <p className="hint">The finished runs differ in no hyperparameter.</p>
      )}
      <div className="extremes">
        <Extreme
          words="Lowest"
          run={best[0]}
          metric={metric}
          show={(row) => {
            controller.grid.goTo(sheetId, row, tab?.columns.idAt(0) ?? 0);
          }}
        />
        <Extreme
          words="Highest"
          run={best.at(-1)}
          metric={metric}
          show={(row) => {
            controller.grid.goTo(sheetId, row, tab?.columns.idAt(0) ?? 0);
          }}
        />
      </div>
    </>
  );
}

function Extreme(props: {
  words: string;
  run: { row: number; name: string; values: (number | string)[] } | undefined;
  metric: string;
  show: (row: number) => void;
}) {
  const { run } = props;
  if (run === undefined) return null;
  return (
    <button
      type="button"
      onClick={() => {
        props.show(run.row);
      }}
    >
      {props.words} {props.metric}: <b>{short(Number(run.values.at(-1)))}</b>
      <span className="quiet"> run {run.name}</span>
    </button>
  );
}
