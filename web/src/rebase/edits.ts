/**
 * What a person did, in words that stay true while others move lines: by ids, never by places.
 *
 * Decided here: the kinds of edits. Decided elsewhere: which request an edit is on a given state of
 * the workbook (`calls.ts`), how it is taken back (`undo.ts`).
 */

import type { Tab } from "../model/tab";
import type { CellFormat, Cell, Dimension, GridRange, ObjectBody } from "../protocol/messages";

export interface Entry {
  row: number;
  column: number;
  /** As typed; the server parses it. "" empties the cell. */
  text: string;
}

/** A whole line that comes back: what its cells held. */
export interface KeptLine {
  pixelSize?: number;
  cells: [across: number, cell: Cell][];
}

/** A whole tab that comes back: what was on it, as it was when it went. */
export interface KeptTab {
  tab: Tab;
  index: number;
  merges: GridRange[];
  /** Its conditional formats. */
  rules: ObjectBody[];
}

export type Edit =
  | { kind: "enter"; sheetId: number; entries: Entry[] }
  | {
      kind: "format";
      sheetId: number;
      rows: number[];
      columns: number[];
      format: CellFormat;
      fields: string;
    }
  | {
      kind: "insert";
      sheetId: number;
      dimension: Dimension;
      /** The line that they come before; null: after the last. */
      before: number | null;
      count: number;
      /** Look like the line before, rather than the line after. */
      inherit: boolean;
      /** What stands in them, for lines that come back. */
      kept?: KeptLine[];
    }
  | { kind: "delete"; sheetId: number; dimension: Dimension; lines: number[] }
  | {
      kind: "move";
      sheetId: number;
      dimension: Dimension;
      lines: number[];
      before: number | null;
    }
  | {
      kind: "size";
      sheetId: number;
      dimension: Dimension;
      sizes: { line: number; pixelSize: number }[];
    }
  | {
      kind: "hide";
      sheetId: number;
      dimension: Dimension;
      lines: number[];
      hidden: boolean;
    }
  | {
      kind: "sort";
      sheetId: number;
      rows: number[];
      columns: number[];
      by: { column: number; descending: boolean }[];
    }
  /** Rows in this order, at the places that they have together. */
  | { kind: "arrange"; sheetId: number; rows: number[] }
  | {
      kind: "addTab";
      sheetId: number;
      properties: Record<string, unknown>;
      /** What is on it, for a tab that comes back. */
      kept?: KeptTab;
    }
  | { kind: "removeTab"; sheetId: number }
  | {
      kind: "changeTab";
      sheetId: number;
      properties: Record<string, unknown>;
      fields: string[];
    };
