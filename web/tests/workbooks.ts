/**
 * A server small enough to know by heart: it numbers batches, moves lines and keeps cells.
 *
 * It is the other side of the protocol, for properties of ours: whatever order things arrive in, a
 * page ends with what the server has.
 */

import type { Tab } from "../src/model/tab";
import { Workbook } from "../src/model/workbook";
import { Refused } from "../src/protocol/http";
import type { Cell, Changes, Effect, Scalar, WorkbookLine } from "../src/protocol/messages";
import type { Call, Headers } from "../src/protocol/outbox";

export const SHEET = 7;

export function head(rows = 6, columns = 4): WorkbookLine {
  return {
    type: "workbook",
    cursor: "file.0.0",
    revision: 0,
    spreadsheetId: "id",
    properties: { title: "runs" },
    defaultStyle: {},
    styles: {},
    sheets: [
      {
        sheetId: SHEET,
        properties: { title: "Sheet1" },
        rows: { spans: [[0, rows]], properties: {} },
        columns: { spans: [[0, columns]], properties: {} },
      },
    ],
    objects: {},
  };
}

export function tabOf(workbook: Workbook): Tab {
  const tab = workbook.tab(SHEET);
  if (tab === undefined) throw new Error("The tab is gone.");
  return tab;
}

/** All that stands in a tab, as rows of texts. */
export function table(workbook: Workbook): string[][] {
  const tab = tabOf(workbook);
  return tab.rows.ids.map((row) =>
    tab.columns.ids.map((column) => String(tab.cell(row, column)?.v ?? "")),
  );
}

interface Logged {
  revision: number;
  effects: Effect[];
  cells: Record<string, Record<string, Cell | null>>;
  client: string;
  batch: string;
  moved: boolean;
}

/** Parses nothing: what is entered is what a cell holds. */
export class SmallServer {
  readonly log: Logged[] = [];
  readonly #rows: number[];
  readonly #columns: number[];
  readonly #cells = new Map<string, string>();
  #nextRow: number;
  #answered = new Map<string, { revision: number; answer: unknown }>();

  constructor(rows = 6, columns = 4) {
    this.#rows = Array.from({ length: rows }, (_, at) => at);
    this.#columns = Array.from({ length: columns }, (_, at) => at);
    this.#nextRow = 1000;
  }

  get revision(): number {
    return this.log.length;
  }

  table(): string[][] {
    return this.#rows.map((row) =>
      this.#columns.map((column) => this.#cells.get(`${String(row)}:${String(column)}`) ?? ""),
    );
  }

  since(revision: number): Changes {
    const entries = this.log.slice(revision);
    const cells: Record<string, Record<string, Cell | null>> = {};
    for (const entry of entries) {
      for (const [row, line] of Object.entries(entry.cells)) {
        cells[row] = { ...cells[row], ...line };
      }
    }
    return {
      type: "changes",
      from: revision,
      revision: this.revision,
      cursor: `file.${String(this.revision)}.0`,
      batches: entries.map((entry) => ({ ...entry, time: 0, author: "" })),
      effects: entries.flatMap((entry) => entry.effects),
      cells: { [String(SHEET)]: cells },
    };
  }

  handle(client: string, call: Call, headers: Headers): { revision: number; answer: unknown } {
    const name = `${client}/${headers.batch}`;
    const before = this.#answered.get(name);
    if (before !== undefined) return before;
    const base = Number(headers.base.split(".")[1]);
    const missed = this.log.slice(base);
    if (missed.some((entry) => entry.moved)) {
      throw new Refused(409, "moved", [{ reason: "LINES_MOVED", changes: this.since(base) }]);
    }
    const done = call.method.includes("values")
      ? this.#values(call.body as ValuesBody, missed, headers, base)
      : this.#batch(call.body as BatchBody);
    this.log.push({ ...done.entry, revision: this.revision + 1, client, batch: headers.batch });
    for (const effect of done.entry.effects) effect.revision = this.revision;
    const found = { revision: this.revision, answer: done.answer };
    this.#answered.set(name, found);
    return found;
  }

  #values(
    { data }: ValuesBody,
    missed: Logged[],
    headers: Headers,
    base: number,
  ): { entry: Entry; answer: unknown } {
    const cells: Entry["cells"] = {};
    const responses = data.map(({ dataFilter: { gridRange }, values }) => {
      for (const [down, line] of values.entries()) {
        for (const [right, value] of line.entries()) {
          const row = this.#rows[gridRange.startRowIndex + down] ?? -1;
          const column = this.#columns[gridRange.startColumnIndex + right] ?? -1;
          (cells[String(row)] ??= {})[String(column)] = value === "" ? null : { v: value };
        }
      }
      return { updatedData: { values } };
    });
    const touched = missed.some((entry) =>
      Object.entries(cells).some(([row, line]) =>
        Object.keys(line).some((column) => entry.cells[row]?.[column] !== undefined),
      ),
    );
    if (headers.untouched && touched) {
      throw new Refused(409, "changed", [{ reason: "CELLS_CHANGED", changes: this.since(base) }]);
    }
    for (const [row, line] of Object.entries(cells)) {
      for (const [column, cell] of Object.entries(line)) {
        this.#cells.set(`${row}:${column}`, String(cell?.v ?? ""));
      }
    }
    return { entry: { effects: [], cells, moved: false }, answer: { responses } };
  }

  #batch({ requests }: BatchBody): { entry: Entry; answer: unknown } {
    const effects: Effect[] = [];
    const lines = (at: number, removed: number, inserted: number[]): void => {
      this.#rows.splice(at, removed, ...inserted);
      effects.push({
        revision: 0,
        type: "lines",
        sheetId: SHEET,
        dimension: "ROWS",
        at,
        removed,
        inserted: inserted.map((id) => [id, 1]),
      });
    };
    const fresh = (count: number): number[] =>
      Array.from({ length: count }, () => (this.#nextRow += 1));
    for (const request of requests) {
      const { insertDimension, deleteDimension, appendDimension, moveDimension } = request;
      if (insertDimension) {
        const { startIndex, endIndex } = insertDimension.range;
        lines(startIndex, 0, fresh(endIndex - startIndex));
      } else if (appendDimension) {
        lines(this.#rows.length, 0, fresh(appendDimension.length));
      } else if (deleteDimension) {
        const { startIndex, endIndex } = deleteDimension.range;
        if (endIndex - startIndex >= this.#rows.length) throw new Refused(400, "all rows", []);
        lines(startIndex, endIndex - startIndex, []);
      } else if (moveDimension) {
        const { source, destinationIndex } = moveDimension;
        const count = source.endIndex - source.startIndex;
        const ids = this.#rows.slice(source.startIndex, source.endIndex);
        lines(source.startIndex, count, []);
        lines(destinationIndex - (destinationIndex > source.startIndex ? count : 0), 0, ids);
      }
    }
    return { entry: { effects, cells: {}, moved: true }, answer: { replies: [] } };
  }
}

type Entry = Omit<Logged, "revision" | "client" | "batch">;
interface LineRange {
  startIndex: number;
  endIndex: number;
}
interface ValuesBody {
  data: {
    dataFilter: { gridRange: { startRowIndex: number; startColumnIndex: number } };
    values: string[][];
  }[];
}
interface BatchBody {
  requests: {
    insertDimension?: { range: LineRange };
    deleteDimension?: { range: LineRange };
    appendDimension?: { length: number };
    moveDimension?: { source: LineRange; destinationIndex: number };
  }[];
}

export type { Scalar };
