/**
 * Undo and redo that never destroy what somebody else did.
 *
 * Decided here: how a step is turned round on the workbook as it is now. A cell is undone only
 * where it still holds what was written; inserted lines and tabs go only while they are blank. Pure
 * but for a new tab's id; a step that is undone makes the step that redoes it. Decided elsewhere: when it is sent (`writes.ts`).
 */

import { editText, type Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { Cell, CellFormat, Dimension, Scalar } from "../protocol/messages";
import type { Edit, KeptLine, KeptTab } from "./edits";
import { newSheetId, propertiesOf, valueAt } from "./tabs";

export interface EnteredCell {
  row: number;
  column: number;
  /** What an editor showed before. */
  before: string;
  /** What was typed. */
  text: string;
  /** What the server made of it; undefined as long as it hasn't said. */
  made?: Scalar;
}

export type Step =
  | { kind: "enter"; sheetId: number; cells: EnteredCell[] }
  | {
      kind: "inserted";
      sheetId: number;
      dimension: Dimension;
      lines: number[];
      /** What was brought back in them; else they came blank. */
      kept: KeptLine[];
    }
  | {
      kind: "deleted";
      sheetId: number;
      dimension: Dimension;
      before: number | null;
      kept: KeptLine[];
    }
  | {
      kind: "moved";
      sheetId: number;
      dimension: Dimension;
      lines: number[];
      before: number | null;
    }
  | {
      kind: "sized";
      sheetId: number;
      dimension: Dimension;
      sizes: { line: number; pixelSize: number }[];
    }
  | {
      kind: "formatted";
      sheetId: number;
      cells: { row: number; column: number; format: CellFormat }[];
      fields: string;
    }
  /** Lines that were hidden, or shown again. */
  | { kind: "hidden"; sheetId: number; dimension: Dimension; lines: number[]; hidden: boolean }
  /** Rows that were sorted, in the order that they had. */
  | { kind: "arranged"; sheetId: number; rows: number[] }
  | { kind: "tabAdded"; sheetId: number; kept: KeptTab | null }
  | { kind: "tabRemoved"; sheetId: number; kept: KeptTab }
  | {
      kind: "tabChanged";
      sheetId: number;
      before: Record<string, unknown>;
      made: Record<string, unknown>;
      fields: string[];
    };

/** The edits that take a step back, and how many cells or lines stay as others left them. */
export interface Reversal {
  edits: Edit[];
  left: number;
}

export function reversal(step: Step, workbook: Workbook): Reversal {
  const { sheetId } = step;
  if (step.kind === "tabRemoved") {
    const { kept } = step;
    const properties = propertiesOf(kept);
    return { edits: [{ kind: "addTab", sheetId: newSheetId(), properties, kept }], left: 0 };
  }
  const tab = workbook.tab(sheetId);
  if (tab === undefined) return { edits: [], left: 1 };
  switch (step.kind) {
    case "enter": {
      const mine = step.cells.filter((cell) => stillHolds(tab, cell));
      const entries = mine.map(({ row, column, before }) => ({ row, column, text: before }));
      const edits: Edit[] = entries.length > 0 ? [{ kind: "enter", sheetId, entries }] : [];
      return { edits, left: step.cells.length - mine.length };
    }
    case "inserted": {
      const { dimension } = step;
      const there = step.lines.filter((id) => tab.axis(dimension).placeOf(id) !== undefined);
      const lines = there.filter((id) =>
        asItCame(tab, dimension, id, step.kept[step.lines.indexOf(id)]),
      );
      return {
        edits: lines.length > 0 ? [{ kind: "delete", sheetId, dimension, lines }] : [],
        left: there.length - lines.length,
      };
    }
    case "deleted": {
      const { dimension, before, kept } = step;
      return {
        edits: [
          { kind: "insert", sheetId, dimension, before, count: kept.length, inherit: false, kept },
        ],
        left: 0,
      };
    }
    case "moved": {
      const { dimension, lines, before } = step;
      return { edits: [{ kind: "move", sheetId, dimension, lines, before }], left: 0 };
    }
    case "sized": {
      const { dimension, sizes } = step;
      return { edits: [{ kind: "size", sheetId, dimension, sizes }], left: 0 };
    }
    case "formatted":
      return {
        edits: step.cells.map(({ row, column, format }) => ({
          kind: "format",
          sheetId,
          rows: [row],
          columns: [column],
          format,
          fields: step.fields,
        })),
        left: 0,
      };
    case "hidden": {
      const { dimension, lines, hidden } = step;
      return { edits: [{ kind: "hide", sheetId, dimension, lines, hidden: !hidden }], left: 0 };
    }
    case "arranged":
      return { edits: [{ kind: "arrange", sheetId, rows: step.rows }], left: 0 };
    case "tabAdded":
      return holds(tab, step.kept?.tab)
        ? { edits: [{ kind: "removeTab", sheetId }], left: 0 }
        : { edits: [], left: 1 };
    case "tabChanged": {
      const { before: properties, made, fields } = step;
      const now = { ...tab.properties, index: workbook.tabs.indexOf(tab) };
      const isMine = fields.every((field) => said(now, field) === said(made, field));
      const edit: Edit = { kind: "changeTab", sheetId, properties, fields };
      return isMine ? { edits: [edit], left: 0 } : { edits: [], left: 1 };
    }
  }
}

/** A property as text; what is missing is what it is by default, and colours are rounded. */
function said(properties: Record<string, unknown>, field: string): string {
  const plain = (_name: string, value: unknown): unknown => {
    const rounded = typeof value === "number" ? Math.round(value * 1000) : value;
    return rounded === 0 || rounded === false ? undefined : rounded;
  };
  return JSON.stringify([valueAt(properties, field)], plain);
}

/** Whether a tab holds what it came with: another tab's cells, or nothing. */
function holds(tab: Tab, came: Tab | undefined): boolean {
  return tab.rows.ids.every((row, down) =>
    tab.columns.ids.every((column, right) => {
      const cell = came?.cell(came.rows.idAt(down) ?? -1, came.columns.idAt(right) ?? -1);
      return entryOf(tab.cell(row, column)) === entryOf(cell);
    }),
  );
}

function stillHolds(tab: Tab, cell: EnteredCell): boolean {
  if (tab.rows.placeOf(cell.row) === undefined) return false;
  if (tab.columns.placeOf(cell.column) === undefined) return false;
  const now = tab.cell(cell.row, cell.column);
  return cell.made === undefined ? editText(now) === cell.text : entryOf(now) === cell.made;
}

/** Whether a line holds what it came with: what its step brought back, or nothing. */
function asItCame(tab: Tab, dimension: Dimension, id: number, kept: KeptLine | undefined): boolean {
  const across = dimension === "ROWS" ? tab.columns : tab.rows;
  const came = new Map(kept?.cells);
  return across.ids.every((other) => {
    const now = dimension === "ROWS" ? tab.cell(id, other) : tab.cell(other, id);
    return entryOf(now) === entryOf(came.get(other));
  });
}

/** A cell's entry as values with `FORMULA` show it. */
export function entryOf(cell: Cell | undefined): Scalar {
  return cell?.f ?? cell?.v ?? "";
}

/** What is needed to bring lines back. */
export function keep(tab: Tab, dimension: Dimension, lines: readonly number[]): KeptLine[] {
  return lines.map((id) => {
    const across = dimension === "ROWS" ? tab.columns : tab.rows;
    const cells = across.ids.flatMap((other): [number, Cell][] => {
      const cell = dimension === "ROWS" ? tab.cell(id, other) : tab.cell(other, id);
      return cell === undefined ? [] : [[other, cell]];
    });
    const pixelSize = tab.lineProperties(dimension).get(id)?.pixelSize;
    return pixelSize === undefined ? { cells } : { cells, pixelSize };
  });
}

/** The line that follows the last of some, null if they end the tab. */
export function lineAfter(
  tab: Tab,
  dimension: Dimension,
  lines: readonly number[],
): number | null {
  const axis = tab.axis(dimension);
  const last = Math.max(...lines.map((id) => axis.placeOf(id) ?? -1));
  return axis.idAt(last + 1) ?? null;
}
