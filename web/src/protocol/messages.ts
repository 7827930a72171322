/**
 * What the server says, as types: the words of docs/reference/live-grid-protocol.md.
 *
 * Decided elsewhere: what a page does with them (`model/`), how they travel (`snapshot.ts`,
 * `feed.ts`, `writing.ts`).
 */

export type Scalar = string | number | boolean;

/** Notes, data validations and what else hangs on a cell, in the API's own shape. */
export interface Extras {
  note?: string;
  dataValidation?: DataValidation;
  [name: string]: unknown;
}

export interface DataValidation {
  condition: { type: string; values?: { userEnteredValue?: string }[] };
  strict?: boolean;
  showCustomUi?: boolean;
  inputMessage?: string;
}

/** A cell as of one revision; what is missing is blank, plain or automatic. */
export interface Cell {
  v?: Scalar;
  /** What is shown, where that isn't `String(v)`. */
  t?: string;
  /** What an editor begins with, where that is neither the formula nor `String(v)`. */
  i?: string;
  f?: string;
  /** Of an error: the message. */
  e?: string;
  /** Style id. */
  s?: number;
  /** Id of the style that it is shown in, where a conditional format holds for it. */
  c?: number;
  x?: Extras;
}

export type Span = [first: number, count: number];
export type Dimension = "ROWS" | "COLUMNS";

export interface Color {
  red?: number;
  green?: number;
  blue?: number;
}

/** The API's `CellFormat`, as far as a page shows it. */
export interface CellFormat {
  numberFormat?: { type?: string; pattern?: string };
  backgroundColor?: Color;
  horizontalAlignment?: string;
  verticalAlignment?: string;
  wrapStrategy?: string;
  textFormat?: {
    foregroundColor?: Color;
    fontFamily?: string;
    fontSize?: number;
    bold?: boolean;
    italic?: boolean;
    strikethrough?: boolean;
    underline?: boolean;
  };
  borders?: Record<string, { style?: string; color?: Color } | undefined>;
  [name: string]: unknown;
}

export interface SheetProperties {
  title?: string;
  hidden?: boolean;
  tabColor?: Color;
  gridProperties?: { frozenRowCount?: number; frozenColumnCount?: number; hideGridlines?: boolean };
  [name: string]: unknown;
}

export interface LineProperties {
  pixelSize?: number;
  hiddenByUser?: boolean;
  [name: string]: unknown;
}

export interface GridRange {
  sheetId?: number;
  startRowIndex?: number;
  endRowIndex?: number;
  startColumnIndex?: number;
  endColumnIndex?: number;
}

export interface WorkbookProperties {
  title?: string;
  locale?: string;
  [name: string]: unknown;
}

export interface WorkbookLine {
  type: "workbook";
  cursor: string;
  revision: number;
  spreadsheetId: string;
  properties: WorkbookProperties;
  defaultStyle: CellFormat;
  styles: Record<string, CellFormat>;
  sheets: {
    sheetId: number;
    properties: SheetProperties;
    rows: { spans: Span[]; properties: Record<string, LineProperties> };
    columns: { spans: Span[]; properties: Record<string, LineProperties> };
    hiddenByFilter?: number[];
    filled?: number;
  }[];
  objects: Record<string, Record<string, ObjectBody>>;
}

export interface ObjectBody {
  range?: GridRange;
  [name: string]: unknown;
}

/** A column of a piece: the n-th place of each list is the piece's n-th row. */
export interface ColumnOfRows {
  id: number;
  v?: (Scalar | null)[];
  t?: (string | null)[];
  i?: (string | null)[];
  f?: (string | null)[];
  e?: (string | null)[];
  s?: (number | null)[];
  c?: (number | null)[];
  x?: (number | null)[];
}

export interface RowsLine {
  type: "rows";
  sheetId: number;
  rows: Span[];
  columns: ColumnOfRows[];
  extras?: Extras[];
  /** Further styles: those that conditional formats give. */
  styles?: Record<string, CellFormat>;
}

export type SnapshotLine = WorkbookLine | RowsLine | { type: "end" };

export interface LinesEffect {
  type: "lines";
  sheetId: number;
  dimension: Dimension;
  at: number;
  removed: number;
  inserted: Span[];
}

export type Effect = { revision: number } & (
  | LinesEffect
  | {
      type: "sheetAdded";
      sheetId: number;
      position: number;
      properties: SheetProperties;
      rows: Span[];
      columns: Span[];
    }
  | { type: "sheetRemoved"; sheetId: number }
  | { type: "sheets"; order: number[] }
  | { type: "sheet"; sheetId: number; properties: SheetProperties }
  | { type: "spreadsheet"; properties: WorkbookProperties }
  | {
      type: "lineProperties";
      sheetId: number;
      dimension: Dimension;
      lines: Record<string, LineProperties>;
    }
  | { type: "objects"; kind: string; changed: Record<string, ObjectBody>; order: string[] }
  | { type: "styles"; styles: Record<string, CellFormat> }
);

export interface Batch {
  revision: number;
  time: number;
  author: string;
  client?: string;
  batch?: string;
}

export interface Changes {
  type: "changes";
  from: number;
  revision: number;
  cursor: string;
  batches: Batch[];
  effects: Effect[];
  cells?: Record<string, Record<string, Record<string, Cell | null>>>;
  hiddenByFilter?: Record<string, number[]>;
}

export type FeedMessage =
  | Changes
  | { type: "snapshot"; why: string }
  | { type: "alive"; time: number }
  | { type: "gone"; why: string };

/** What the bar shows. */
export type RunsSummary =
  | { isQueue: false; why: string }
  | {
      isQueue: true;
      counts: Record<string, number>;
      total: number;
      workers: Worker[];
      alive: number | null;
      perHour: number | null;
      secondsLeft: number | null;
      time: number;
      columns: { keys: string[]; metrics: string[]; special: string[] };
    };

export interface Worker {
  name: string;
  run: string;
  row: number;
  status: string;
  alive: boolean | null;
  until?: number | null;
}

export interface Curve {
  steps: number[];
  times: number[];
  values: number[];
}

export interface MetricsAnswer {
  runs: Record<string, { run: string; attempt: number; metrics: Record<string, Curve> }>;
}

export interface LogAnswer {
  run: string;
  attempt: number;
  start: number;
  end: number;
  text: string;
}

export interface HistoryAnswer {
  entries: {
    revision: number;
    time: number;
    author: string;
    from?: Cell | null;
    to: Cell | null;
  }[];
  complete: boolean;
}
