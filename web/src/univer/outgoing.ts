/**
 * What a person did in Univer, as edits by ids: the way out.
 *
 * Decided here: which of Univer's mutations are shown at once (cells, sizes, looks), and which are
 * held back until the server has done them (lines and tabs: there is one order of lines, the
 * server's). All mutations of one gesture are one step to undo. Decided elsewhere: how an edit is
 * sent (`session.ts`), what came from the server and doesn't go back (`incoming.ts`).
 */

import {
  CanceledError,
  CommandType,
  type ICellData,
  type ICommandInfo,
  ICommandService,
  type IMutationInfo,
  type Injector,
  type IStyleData,
  type IExecutionOptions,
} from "@univerjs/core";

import type { Dimension } from "../protocol/messages";
import type { Tab } from "../model/tab";
import type { Edit, Entry } from "../rebase/edits";
import { customOf, enteredText } from "./cells";
import {
  addingTab,
  type CellMatrix,
  type CellsParams,
  changingTab,
  type Common,
  ends,
  hiding,
  inserting,
  type InsertSheetParams,
  type LinesParams,
  type Look,
  type MoveParams,
  type MoveRangeParams,
  moving,
  type RangesParams,
  removing,
  type SizeParams,
  sizing,
  sorting,
  type SortParams,
  styling,
} from "./gestures";

export interface Receiver {
  tab(sheetName: string): Tab | undefined;
  perform(edits: Edit[]): void;
  /** Entries beyond the last row or column, by place: the tab has to grow first. */
  beyond(tab: Tab, growth: Growth, entries: PlacedEntry[]): void;
  undo(): void;
  redo(): void;
  /** Whether a cell editor is open: undo is its own then. */
  editing(): boolean;
  /** Whether a cell is a box to tick. */
  isCheckbox(tab: Tab, down: number, right: number): boolean;
}

export interface Growth {
  rows: number;
  columns: number;
}

export interface PlacedEntry {
  down: number;
  right: number;
  text: string;
}


/** Commands with which a person means the look of cells; all others leave it to the server. */
const LOOKS = new Set(["sheet.command.set-style", "sheet.command.clear-selection-format"]);

/** What neither the Sheets API nor a run sheet has a place for. */
const REFUSED = new Set([
  "sheet.command.insert-range-move-down",
  "sheet.command.insert-range-move-right",
  "sheet.command.delete-range-move-left",
  "sheet.command.delete-range-move-up",
  "sheet.command.set-once-format-painter",
  "sheet.command.set-infinite-format-painter",
  "sheet.command.add-worksheet-merge",
  "sheet.command.set-border",
  "sheet.command.copy-sheet",
  // The server computes.
  "formula.mutation.set-formula-calculation-start",
  "formula.mutation.set-trigger-formula-calculation-start",
]);

export class Outgoing {
  readonly #receiver: Receiver;
  readonly #unitId: () => string;
  #edits: Edit[] = [];
  #beyond = new Map<Tab, { growth: Growth; entries: PlacedEntry[] }>();
  #flushing = false;

  constructor(injector: Injector, unitId: () => string, receiver: Receiver) {
    this.#receiver = receiver;
    this.#unitId = unitId;
    injector.get(ICommandService).beforeCommandExecuted((info, options) => {
      if (options?.fromCollab !== true) this.#before(info, options ?? {});
    });
  }

  #before(info: Readonly<ICommandInfo>, options: IExecutionOptions): void {
    if (REFUSED.has(info.id)) throw new CanceledError();
    if (info.id === "univer.command.undo" || info.id === "univer.command.redo") {
      if (this.#receiver.editing()) return;
      if (info.id.endsWith("undo")) this.#receiver.undo();
      else this.#receiver.redo();
      throw new CanceledError();
    }
    if (info.id === "sheet.command.sort-range") {
      const given = info.params as SortParams;
      const tab = this.#receiver.tab(given.subUnitId);
      if (tab !== undefined) this.#add(sorting(tab, given));
      throw new CanceledError();
    }
    const params = info.params as Common | undefined;
    if (info.type !== CommandType.MUTATION || params?.unitId !== this.#unitId()) return;
    if (options.onlyLocal) return;
    const held = this.#mutation(info as IMutationInfo, params);
    if (held) throw new CanceledError();
  }

  /** True: it isn't to happen here before the server has done it. */
  #mutation(info: IMutationInfo, params: Common): boolean {
    const tab = this.#receiver.tab(params.subUnitId);
    const [, , name = ""] = info.id.split(".");
    if (name === "insert-sheet") return this.#hold(addingTab(info.params as InsertSheetParams));
    if (tab === undefined) return false;
    switch (name) {
      case "set-range-values":
        this.#cells(tab, info.params as CellsParams);
        return false;
      case "move-range":
        this.#moveRange(info.params as MoveRangeParams);
        return false;
      case "insert-row":
        return this.#insert(tab, "ROWS", info.params as LinesParams);
      case "insert-col":
        return this.#insert(tab, "COLUMNS", info.params as LinesParams);
      case "remove-rows":
        return this.#hold(removing(tab, "ROWS", info.params as LinesParams));
      case "remove-col":
        return this.#hold(removing(tab, "COLUMNS", info.params as LinesParams));
      case "move-rows":
        return this.#hold(moving(tab, "ROWS", info.params as MoveParams));
      case "move-columns":
        return this.#hold(moving(tab, "COLUMNS", info.params as MoveParams));
      case "set-worksheet-col-width":
        return this.#let(sizing(tab, "COLUMNS", info.params as SizeParams));
      case "set-worksheet-row-height":
        return this.#let(sizing(tab, "ROWS", info.params as SizeParams));
      case "set-row-hidden":
      case "set-row-visible": {
        const hidden = name === "set-row-hidden";
        return this.#let(hiding(tab, "ROWS", info.params as RangesParams, { hidden }));
      }
      case "set-col-hidden":
      case "set-col-visible": {
        const hidden = name === "set-col-hidden";
        return this.#let(hiding(tab, "COLUMNS", info.params as RangesParams, { hidden }));
      }
      case "add-worksheet-merge":
        (info.params as RangesParams).ranges = []; // a paste brings them along; its cells come
        return false;
      default: {
        const edit = changingTab(tab, name, params);
        return edit !== null && this.#hold(edit);
      }
    }
  }

  /** Send it; the server's answer is what is shown. */
  #hold(edit: Edit): true {
    this.#add(edit);
    return true;
  }

  /** Send it, and show it meanwhile. */
  #let(edit: Edit): false {
    this.#add(edit);
    return false;
  }

  #cells(tab: Tab, params: CellsParams): void {
    const entries: PlacedEntry[] = [];
    const looks: Look[] = [];
    const wantsLooks = LOOKS.has(params.trigger ?? "");
    for (const [down, right, cell] of cellsOf(params.cellValue ?? {})) {
      if (cell === null) {
        entries.push({ down, right, text: "" });
        continue;
      }
      const entered = "v" in cell || "f" in cell || "p" in cell;
      let text = entered ? enteredText(cell) : "";
      if (wantsLooks && "s" in cell) {
        looks.push({ down, right, style: (cell.s ?? null) as IStyleData | null });
      } else {
        delete cell.s; // the server owns the looks
      }
      if (!entered) continue;
      if ((text === "1" || text === "0") && this.#receiver.isCheckbox(tab, down, right)) {
        text = text === "1" ? "TRUE" : "FALSE";
      }
      if (cell.p) cell.v = text; // the server keeps plain text
      cell.p = null;
      (cell as { custom: unknown }).custom = text === "" ? null : forShowing(cell);
      entries.push({ down, right, text });
    }
    this.#enter(tab, entries);
    for (const edit of styling(tab, looks)) this.#add(edit);
  }

  #enter(tab: Tab, placed: readonly PlacedEntry[]): void {
    const entries: Entry[] = [];
    for (const one of placed) {
      const row = tab.rows.idAt(one.down);
      const column = tab.columns.idAt(one.right);
      if (row !== undefined && column !== undefined) {
        entries.push({ row, column, text: one.text });
      } else if (one.text !== "") {
        this.#growing(tab).entries.push(one);
      }
    }
    if (entries.length > 0) this.#add({ kind: "enter", sheetId: tab.sheetId, entries });
  }

  #growing(tab: Tab): { growth: Growth; entries: PlacedEntry[] } {
    let found = this.#beyond.get(tab);
    if (found === undefined) {
      found = { growth: { rows: 0, columns: 0 }, entries: [] };
      this.#beyond.set(tab, found);
    }
    this.#flushSoon();
    return found;
  }

  #moveRange({ from, to }: MoveRangeParams): void {
    for (const { subUnitId, value } of [from, to]) {
      const tab = this.#receiver.tab(subUnitId);
      if (tab === undefined) continue;
      const entries = [...cellsOf(value)].map(([down, right, cell]) => {
        return { down, right, text: enteredText(cell) };
      });
      this.#enter(tab, entries);
    }
  }

  #insert(tab: Tab, dimension: Dimension, { range }: LinesParams): boolean {
    const [start, end] = ends(dimension, range);
    const { count } = tab.axis(dimension);
    if (start >= count) {
      // A paste that needs room: it goes on here, and the lines get their ids from the server.
      const { growth } = this.#growing(tab);
      if (dimension === "ROWS") growth.rows += end - start + 1;
      else growth.columns += end - start + 1;
      return false;
    }
    return this.#hold(inserting(tab, dimension, { range } as LinesParams));
  }

  #add(edit: Edit): void {
    const last = this.#edits.at(-1);
    if (edit.kind === "enter" && last?.kind === "enter" && last.sheetId === edit.sheetId) {
      last.entries.push(...lastOfEach(edit.entries));
    } else {
      this.#edits.push(edit);
    }
    this.#flushSoon();
  }

  /** Univer's gestures run through in one go: what they did together is one step. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      const edits = this.#edits.map((edit) =>
        edit.kind === "enter" ? { ...edit, entries: lastOfEach(edit.entries) } : edit,
      );
      const beyond = [...this.#beyond];
      this.#edits = [];
      this.#beyond = new Map();
      if (edits.length > 0) this.#receiver.perform(edits);
      for (const [tab, { growth, entries }] of beyond) {
        this.#receiver.beyond(tab, growth, entries);
      }
    });
  }
}

function* cellsOf(matrix: CellMatrix): Generator<[number, number, ICellData | null]> {
  for (const [down, line] of Object.entries(matrix)) {
    for (const [right, cell] of Object.entries(line ?? {})) {
      yield [Number(down), Number(right), cell];
    }
  }
}

/** Until the server answers: what was typed, or what the copied cell showed. */
function forShowing(cell: ICellData): object | null {
  const { shown, typed } = customOf(cell);
  return shown !== undefined && typed === undefined ? { shown } : null;
}

function lastOfEach(entries: readonly Entry[]): Entry[] {
  const last = new Map<string, Entry>();
  for (const entry of entries) last.set(`${String(entry.row)}:${String(entry.column)}`, entry);
  return [...last.values()];
}

