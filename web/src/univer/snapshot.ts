/**
 * The workbook as Univer's own kind of snapshot: what the grid begins with.
 *
 * Decided elsewhere: what happens to it afterwards (`incoming.ts`), what a cell becomes (`cells.ts`).
 */

import {
  BooleanNumber,
  type ICellData,
  type IColumnData,
  type IRowData,
  type IWorkbookData,
  type IWorksheetData,
  LocaleType,
} from "@univerjs/core";

import type { Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { GridRange, LineProperties } from "../protocol/messages";
import { univerCell } from "./cells";
import { cellStyleOf, DEFAULT_STYLE, hex } from "./styles";

const ROW_HEIGHT = 21;
const COLUMN_WIDTH = 100;

export function univerWorkbook(workbook: Workbook, unitId: string): IWorkbookData {
  return {
    id: unitId,
    name: workbook.properties.title ?? "",
    appVersion: "",
    locale: LocaleType.EN_US,
    styles: Object.fromEntries(
      [...workbook.styles].map(([id, format]) => [String(id), cellStyleOf(format)]),
    ),
    defaultStyle: DEFAULT_STYLE,
    sheetOrder: workbook.tabs.map((tab) => sheetName(tab.sheetId)),
    sheets: Object.fromEntries(
      workbook.tabs.map((tab) => [sheetName(tab.sheetId), univerSheet(tab, workbook)]),
    ),
  };
}

export function univerSheet(tab: Tab, workbook: Workbook): Partial<IWorksheetData> {
  const cellData: Record<number, Record<number, object>> = {};
  for (const [place, row] of tab.rows.ids.entries()) {
    let line: Record<number, object> | null = null;
    for (const [right, , made] of univerCells(tab, row)) {
      line ??= cellData[place] = {};
      line[right] = made;
    }
  }
  return {
    id: sheetName(tab.sheetId),
    name: tab.title,
    tabColor: tab.properties.tabColor ? hex(tab.properties.tabColor) : "",
    hidden: tab.properties.hidden ? BooleanNumber.TRUE : BooleanNumber.FALSE,
    rowCount: tab.rows.count,
    columnCount: tab.columns.count,
    defaultStyle: DEFAULT_STYLE,
    defaultRowHeight: ROW_HEIGHT,
    defaultColumnWidth: COLUMN_WIDTH,
    freeze: freezeOf(tab),
    showGridlines: tab.properties.gridProperties?.hideGridlines
      ? BooleanNumber.FALSE
      : BooleanNumber.TRUE,
    mergeData: mergesOf(tab, workbook).map((range) => rangeOf(tab, range)),
    cellData,
    rowData: linesOf(tab.rows.ids, (id) => rowData(tab, id)),
    columnData: linesOf(tab.columns.ids, (id) => columnData(tab.columnProperties.get(id))),
  };
}

/** What stands in a row: for each cell its place, its column's id, and the cell. */
export function* univerCells(tab: Tab, row: number): Generator<[number, number, ICellData]> {
  for (const [column, cell] of tab.cellsOf(row)) {
    const right = tab.columns.placeOf(column);
    const made = univerCell(cell);
    if (right !== undefined && made !== null) yield [right, column, made];
  }
}

export function sheetName(sheetId: number): string {
  return String(sheetId);
}

export function freezeOf(tab: Tab): IWorksheetData["freeze"] {
  const { frozenRowCount: rows = 0, frozenColumnCount: columns = 0 } =
    tab.properties.gridProperties ?? {};
  return {
    xSplit: columns,
    ySplit: rows,
    startRow: rows > 0 ? rows : -1,
    startColumn: columns > 0 ? columns : -1,
  };
}

export function mergesOf(tab: Tab, workbook: Workbook): GridRange[] {
  return [...(workbook.objects.get("merge")?.values() ?? [])].flatMap(({ range }) =>
    range !== undefined && (range.sheetId ?? 0) === tab.sheetId ? [range] : [],
  );
}

/** An API range as Univer's: both ends within. */
export function rangeOf(tab: Tab, range: GridRange): Range {
  return {
    startRow: range.startRowIndex ?? 0,
    endRow: (range.endRowIndex ?? tab.rows.count) - 1,
    startColumn: range.startColumnIndex ?? 0,
    endColumn: (range.endColumnIndex ?? tab.columns.count) - 1,
  };
}

export interface Range {
  startRow: number;
  endRow: number;
  startColumn: number;
  endColumn: number;
}

export function rowData(tab: Tab, id: number): Partial<IRowData> | null {
  const { pixelSize, hiddenByUser } = tab.rowProperties.get(id) ?? {};
  const hidden = (hiddenByUser ?? false) || tab.hiddenByFilter.has(id);
  if (pixelSize === undefined && !hidden) return null;
  return {
    ...(pixelSize === undefined ? {} : { h: pixelSize, ia: BooleanNumber.FALSE }),
    hd: hidden ? BooleanNumber.TRUE : BooleanNumber.FALSE,
  };
}

export function columnData(said: LineProperties | undefined): Partial<IColumnData> | null {
  if (said === undefined) return null;
  return {
    w: said.pixelSize ?? COLUMN_WIDTH,
    hd: said.hiddenByUser ? BooleanNumber.TRUE : BooleanNumber.FALSE,
  };
}

function linesOf<T>(
  ids: readonly number[],
  data: (id: number) => T | null,
): Record<number, T> {
  const found: Record<number, T> = {};
  for (const [place, id] of ids.entries()) {
    const made = data(id);
    if (made !== null) found[place] = made;
  }
  return found;
}
