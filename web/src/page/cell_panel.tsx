/**
 * A cell's history: who changed it, when, from what to what. All of it as text.
 */

import { editText, shownText } from "../model/tab";
import type { Cell, HistoryAnswer } from "../protocol/messages";
import type { Controller } from "./controller";
import { usePolled } from "./polled";
import { columnsByName, runName } from "./series";
import { usePage } from "./store";
import { moment } from "./words";

const EVERY = 4_000;

export function CellPanel({ controller }: { controller: Controller }) {
  const { selected } = usePage(controller.store);
  const { sheetId = -1, row = -1, column = -1 } = selected ?? {};
  const tab = controller.session.loaded ? controller.session.workbook.tab(sheetId) : undefined;
  const cell = tab?.cell(row, column);
  // Another value of the cell asks anew, so that a change is there at once.
  const key = `${String(sheetId)}:${String(row)}:${String(column)}:${editText(cell)}`;
  const { value, why } = usePolled<HistoryAnswer>(
    key,
    () => controller.history(sheetId, row, column),
    EVERY,
  );
  if (tab === undefined || selected === null) {
    return <p className="hint">Select a cell to see who changed it.</p>;
  }
  const name = [...columnsByName(tab)].find(([, id]) => id === column)?.[0];
  const now = Date.now() / 1000;
  return (
    <div className="run">
      <h2>
        {name ?? "Cell"} <span className="quiet">of {runName(tab, row)}</span>
      </h2>
      <label className="author">
        Your name in the history{" "}
        <input
          defaultValue={controller.name}
          maxLength={80}
          placeholder="Browser"
          onChange={(event) => {
            controller.setName(event.target.value);
          }}
        />
      </label>
      {value === null && <p className="hint">{why ?? "Loading…"}</p>}
      {value !== null && value.entries.length === 0 && (
        <p className="hint">
          {value.complete ? "Nothing was ever entered here." : "No change in the last two weeks."}
        </p>
      )}
      <ol className="history">
        {value?.entries.map((entry) => (
          <li key={entry.revision}>
            <div>
              {entry.from !== undefined && (
                <>
                  <Value cell={entry.from} /> <span className="quiet">→</span>{" "}
                </>
              )}
              <Value cell={entry.to} />
            </div>
            <div className="quiet">
              {entry.author} · {moment(entry.time, now)}
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Value({ cell }: { cell: Cell | null }) {
  const text = cell?.f ?? shownText(cell ?? undefined);
  return text === "" ? <span className="quiet">blank</span> : <code>{text}</code>;
}
