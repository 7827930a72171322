/**
 * An edit on its way: made a request when its turn comes, and made again if somebody was first.
 *
 * Decided here: what is remembered of an edit for taking it back. Decided elsewhere: the order and
 * the sending (`protocol/outbox.ts`).
 */

import type { Workbook } from "../model/workbook";
import type { Scalar } from "../protocol/messages";
import type { Call, Write } from "../protocol/outbox";
import { callFor } from "./calls";
import type { Edit } from "./edits";
import { inverse } from "./inverse";
import type { EnteredCell, Step } from "./undo";

export interface Outcome {
  /** What takes it back; empty if nothing was written. */
  steps: Step[];
  revision: number;
}

export interface WriteEvents {
  done(outcome: Outcome): void;
  refused(why: string): void;
}

/** A rectangle of what was entered, by ids, as its answer will come. */
type Asked = { rows: number[]; columns: number[] }[];

export class EditWrite implements Write {
  readonly #workbook: () => Workbook;
  readonly #edits: () => Edit[];
  readonly #untouched: boolean;
  readonly #events: WriteEvents;
  #steps: Step[] = [];
  #asked: Asked = [];

  /** With `untouched`, cells that somebody else changed meanwhile are not written over. */
  constructor(
    workbook: () => Workbook,
    edits: () => Edit[],
    events: WriteEvents,
    how: { untouched: boolean },
  ) {
    this.#workbook = workbook;
    this.#edits = edits;
    this.#events = events;
    this.#untouched = how.untouched;
  }

  compose(): Call | null {
    const workbook = this.#workbook();
    const edits = this.#edits();
    const call = callFor(edits, workbook);
    if (call === null) {
      this.#events.done({ steps: [], revision: workbook.revision });
      return null;
    }
    this.#steps = edits.flatMap((edit) => inverse(edit, workbook) ?? []);
    this.#asked = asked(call, workbook);
    const entering = edits.every((edit) => edit.kind === "enter");
    return this.#untouched && entering ? { ...call, untouched: true } : call;
  }

  done(revision: number, answer: unknown): void {
    for (const step of this.#steps) {
      if (step.kind === "enter") learn(step.cells, this.#asked, answer as ValuesAnswer);
    }
    this.#events.done({ steps: this.#steps, revision });
  }

  refused(why: string): void {
    this.#events.refused(why);
  }
}

interface ValuesAnswer {
  responses?: { updatedData?: { values?: Scalar[][] } }[];
}

interface ValuesBody {
  data?: {
    dataFilter: {
      gridRange: {
        sheetId: number;
        startRowIndex: number;
        endRowIndex: number;
        startColumnIndex: number;
        endColumnIndex: number;
      };
    };
  }[];
}

function asked(call: Call, workbook: Workbook): Asked {
  return ((call.body as ValuesBody).data ?? []).map(({ dataFilter: { gridRange } }) => {
    const tab = workbook.tab(gridRange.sheetId);
    const { startRowIndex, endRowIndex, startColumnIndex, endColumnIndex } = gridRange;
    return {
      rows: [...(tab?.rows.ids.slice(startRowIndex, endRowIndex) ?? [])],
      columns: [...(tab?.columns.ids.slice(startColumnIndex, endColumnIndex) ?? [])],
    };
  });
}

/** What the server made of each cell: the answer has it, rectangle by rectangle. */
function learn(cells: EnteredCell[], rectangles: Asked, answer: ValuesAnswer): void {
  const made = new Map<string, Scalar>();
  for (const [nth, { rows, columns }] of rectangles.entries()) {
    const values = answer.responses?.[nth]?.updatedData?.values ?? [];
    for (const [down, row] of rows.entries()) {
      for (const [right, column] of columns.entries()) {
        made.set(`${String(row)}:${String(column)}`, values[down]?.[right] ?? "");
      }
    }
  }
  for (const cell of cells) {
    const found = made.get(`${String(cell.row)}:${String(cell.column)}`);
    if (found !== undefined) cell.made = found;
  }
}
