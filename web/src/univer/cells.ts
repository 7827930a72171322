/**
 * A cell of the workbook as Univer keeps it, and what somebody did to a Univer cell as text. Pure.
 *
 * What Univer doesn't know of a cell (the text that the server shows, the text that an editor
 * begins with) travels in `custom`, so that it moves with the cell. Decided elsewhere: when it is
 * shown (`showing.ts`).
 */

import {
  CellValueType,
  type ICellData,
  type IDocumentData,
  type Nullable,
  numfmt,
} from "@univerjs/core";

import type { Cell } from "../protocol/messages";

/** What hangs on a Univer cell of ours. */
export interface Custom {
  /** What is shown. */
  shown?: string;
  /** What an editor begins with. */
  edit?: string;
  /** What a person has just typed. */
  typed?: string;
  error?: string;
  note?: string;
}

export function univerCell(cell: Cell | undefined): ICellData | null {
  if (cell === undefined) return null;
  const made: ICellData = {};
  if (typeof cell.v === "boolean") {
    made.v = cell.v ? 1 : 0;
    made.t = CellValueType.BOOLEAN;
  } else if (typeof cell.v === "number") {
    made.v = cell.v;
    made.t = CellValueType.NUMBER;
  } else if (cell.v !== undefined) {
    made.v = cell.v;
    made.t = CellValueType.STRING;
  }
  if (cell.f !== undefined) made.f = cell.f;
  const look = cell.c ?? cell.s;
  if (look !== undefined) made.s = String(look);
  const custom: Custom = {};
  if (cell.t !== undefined) custom.shown = cell.t;
  if (cell.i !== undefined) custom.edit = cell.i;
  if (cell.e !== undefined) custom.error = cell.e;
  if (cell.x?.note) custom.note = cell.x.note;
  if (Object.keys(custom).length > 0) made.custom = custom;
  return Object.keys(made).length > 0 ? made : null;
}

export function customOf(cell: Nullable<ICellData>): Custom {
  return (cell?.custom ?? {}) as Custom;
}

/** What an editor begins with. */
export function editTextOf(cell: Nullable<ICellData>): string {
  if (!cell) return "";
  return customOf(cell).edit ?? cell.f ?? valueText(cell);
}

/** What was entered into a cell by whatever gesture: typed, pasted, filled, chosen. */
export function enteredText(cell: Nullable<ICellData>): string {
  if (!cell) return "";
  const { typed, edit } = customOf(cell);
  if (typed !== undefined) return typed;
  if (cell.p) return documentText(cell.p);
  return edit ?? cell.f ?? forced(cell) ?? pasted(cell) ?? valueText(cell);
}

const MANY_DIGITS = "0.################%";

/**
 * What was pasted from another program, where Univer has made a number of it: a date or a share
 * stands there with the pattern in which it was written. Other patterns would round.
 */
function pasted({ v, s }: ICellData): string | null {
  const pattern = typeof s === "object" ? s?.n?.pattern : undefined;
  if (pattern === undefined || typeof v !== "number") return null;
  const { isDate, isPercent } = numfmt.getFormatInfo(pattern);
  if (isDate) return numfmt.format(pattern, v);
  return isPercent ? numfmt.format(MANY_DIGITS, v).replace(".%", "%") : null;
}

function forced(cell: ICellData): string | null {
  return cell.t === CellValueType.FORCE_STRING ? `'${String(cell.v ?? "")}` : null;
}

function valueText({ v, t }: ICellData): string {
  if (v === null || v === undefined) return "";
  if (t === CellValueType.BOOLEAN && (v === 1 || v === 0)) return v === 1 ? "TRUE" : "FALSE";
  if (typeof v === "boolean") return v ? "TRUE" : "FALSE";
  return String(v);
}

/** The text of rich text: the server keeps cells as plain text. */
export function documentText(document: IDocumentData): string {
  const stream = document.body?.dataStream ?? "";
  return stream.replace(/\r\n$/, "").replace(/\r/g, "\n");
}
