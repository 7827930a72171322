/**
 * What to do when there is nothing yet.
 */

import { useState } from "react";

import type { Controller } from "./controller";
import { Cross } from "./icons";
import { usePage } from "./store";

export function Empty({ controller }: { controller: Controller }) {
  const { summary, blank } = usePage(controller.store);
  const [closed, setClosed] = useState(false);
  if (closed || summary === null) return null;
  const address = location.href.split("#")[0] ?? "";
  if (summary.isQueue && summary.total > 0) return null;
  if (!summary.isQueue && !blank) return null;
  return (
    <section className="empty" aria-label="How to begin">
      <button
        type="button"
        className="tool"
        aria-label="Close"
        onClick={() => {
          setClosed(true);
        }}
      >
        <Cross />
      </button>
      {summary.isQueue ? (
        <>
          <h2>This queue has no runs yet</h2>
          <p>
            Line 1 names the columns and line 2 holds the defaults. Each line below is a run: fill in
            what differs from the defaults, and choose <code>ready</code> as its status.
          </p>
          <p>Then start a worker, here or on any machine that reaches this server:</p>
          <pre>{`for run in GSheetMLScheduler("${address}").runs():\n    with run:\n        train(run.config)`}</pre>
        </>
      ) : (
        <>
          <h2>This tab is empty</h2>
          <p>It is a spreadsheet: type, or paste a table. To make it a run queue:</p>
          <pre>gsheet-ml init {address} learning_rate=0.001 n_epoch=3</pre>
        </>
      )}
    </section>
  );
}
