/**
 * Sentences that come and go: what was refused, what others changed meanwhile.
 */

import type { Controller } from "./controller";
import { Cross } from "./icons";
import { usePage } from "./store";

export function Notices({ controller }: { controller: Controller }) {
  const { notices, connection, why } = usePage(controller.store);
  const trouble =
    connection === "lost"
      ? "The connection to the server is lost. Your edits are kept, and sent as soon as it is back."
      : connection === "gone"
        ? why || "The workbook’s file is gone."
        : null;
  return (
    <div className="notices" aria-live="polite">
      {trouble !== null && (
        <div className="notice trouble" data-connection={connection}>
          <span>{trouble}</span>
        </div>
      )}
      {notices.map(({ id, sentence }) => (
        <div className="notice" key={id}>
          <span>{sentence}</span>
          <button
            type="button"
            aria-label="Dismiss"
            onClick={() => {
              controller.dismiss(id);
            }}
          >
            <Cross />
          </button>
        </div>
      ))}
    </div>
  );
}
