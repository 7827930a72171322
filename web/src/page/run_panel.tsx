/**
 * The selected run: its status, its error, the end of what it printed. All of it as text.
 */

import { useEffect, useRef } from "react";

import { shownText } from "../model/tab";
import type { LogAnswer } from "../protocol/messages";
import type { Controller } from "./controller";
import { usePolled } from "./polled";
import { columnsByName, runName } from "./series";
import { usePage } from "./store";

const EVERY = 1_500;

export function RunPanel({ controller }: { controller: Controller }) {
  const { selected } = usePage(controller.store);
  const sheetId = selected?.sheetId ?? -1;
  const row = selected?.row ?? -1;
  const tab = controller.session.loaded ? controller.session.workbook.tab(sheetId) : undefined;
  const isRun = (tab?.rows.placeOf(row) ?? 0) >= 2;
  const { value, why } = usePolled<LogAnswer | null>(
    isRun ? `${String(sheetId)}:${String(row)}` : "none",
    () => (isRun ? controller.log(sheetId, row) : Promise.resolve(null)),
    EVERY,
  );
  if (!isRun || tab === undefined) {
    return <p className="hint">Select a run in the sheet to see its output and its error.</p>;
  }
  const columns = columnsByName(tab);
  const text = (name: string): string => {
    const column = columns.get(name);
    return column === undefined ? "" : shownText(tab.cell(row, column));
  };
  const status = text("status");
  const worker = text("worker_name");
  const error = text("error") || (status.startsWith("failed") ? status : "");
  return (
    <div className="run">
      <h2>{runName(tab, row)}</h2>
      <p className="quiet">
        {status || "no status"}
        {worker && <> · {worker}</>}
        {value && value.attempt > 1 && <> · attempt {value.attempt}</>}
      </p>
      {error && (
        <pre className="error" aria-label="Error">
          {error}
        </pre>
      )}
      {value ? (
        <Log text={value.text} cut={value.start > 0} />
      ) : (
        <p className="hint">
          {why ?? "No output is kept of this run. Runs that gsheet-ml work starts send theirs."}
        </p>
      )}
    </div>
  );
}

/** Stays at the end while it grows, unless somebody has scrolled up. */
function Log({ text, cut }: { text: string; cut: boolean }) {
  const place = useRef<HTMLPreElement>(null);
  const follow = useRef(true);
  useEffect(() => {
    const element = place.current;
    if (element !== null && follow.current) element.scrollTop = element.scrollHeight;
  }, [text]);
  return (
    <pre
      className="log"
      aria-label="Output"
      tabIndex={0}
      ref={place}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        follow.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      {cut && <span className="quiet">… earlier output isn’t kept{"\n"}</span>}
      {text}
    </pre>
  );
}
