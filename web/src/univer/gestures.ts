/**
 * Univer's mutations of lines, sizes, looks and tabs, as edits by ids. Pure.
 *
 * Decided here: what each of Univer's parameters means. Decided elsewhere: which mutations are
 * listened to, and what happens to the edits (`outgoing.ts`).
 */

import type { ICellData, IStyleData } from "@univerjs/core";

import type { Tab } from "../model/tab";
import type { Dimension } from "../protocol/messages";
import type { Edit } from "../rebase/edits";
import { newSheetId } from "../rebase/tabs";
import type { Range } from "./snapshot";
import { color, formatOf } from "./styles";

export interface Common {
  unitId: string;
  subUnitId: string;
  trigger?: string;
}

export type CellMatrix = Record<number, Record<number, ICellData | null> | undefined>;

export interface CellsParams extends Common {
  cellValue?: CellMatrix;
}
export interface MoveRangeParams extends Common {
  from: { subUnitId: string; value: CellMatrix };
  to: { subUnitId: string; value: CellMatrix };
}
export interface LinesParams extends Common {
  range: Range;
}
export interface MoveParams extends Common {
  sourceRange: Range;
  targetRange: Range;
}
export interface SizeParams extends Common {
  ranges: Range[];
  rowHeight?: number | Record<number, number | null>;
  colWidth?: number | Record<number, number | null>;
}
export interface RangesParams extends Common {
  ranges: Range[];
}
export interface SortParams extends Common {
  range: Range;
  orderRules: { type: string; colIndex: number }[];
  hasTitle?: boolean;
}
export interface InsertSheetParams extends Common {
  index: number;
  sheet: { name: string };
}

export interface Look {
  down: number;
  right: number;
  /** Null: back to the default. */
  style: IStyleData | null;
}

export function inserting(tab: Tab, dimension: Dimension, { range }: LinesParams): Edit {
  const [start, end] = ends(dimension, range);
  return {
    kind: "insert",
    sheetId: tab.sheetId,
    dimension,
    before: tab.axis(dimension).idAt(start) ?? null,
    count: end - start + 1,
    // Below the two lines of the header, a new line is a run like the one above.
    inherit: dimension === "COLUMNS" || start > 2,
  };
}

export function removing(tab: Tab, dimension: Dimension, { range }: LinesParams): Edit {
  return { kind: "delete", sheetId: tab.sheetId, dimension, lines: linesIn(tab, dimension, range) };
}

export function moving(
  tab: Tab,
  dimension: Dimension,
  { sourceRange, targetRange }: MoveParams,
): Edit {
  const [target] = ends(dimension, targetRange);
  return {
    kind: "move",
    sheetId: tab.sheetId,
    dimension,
    lines: linesIn(tab, dimension, sourceRange),
    before: tab.axis(dimension).idAt(target) ?? null,
  };
}

export function sizing(tab: Tab, dimension: Dimension, params: SizeParams): Edit {
  const given = dimension === "ROWS" ? params.rowHeight : params.colWidth;
  const sizes = params.ranges.flatMap((range) => {
    const [start] = ends(dimension, range);
    return linesIn(tab, dimension, range).flatMap((line, at) => {
      const pixelSize = typeof given === "number" ? given : given?.[start + at];
      return pixelSize === undefined || pixelSize === null
        ? []
        : [{ line, pixelSize: Math.round(pixelSize) }];
    });
  });
  return { kind: "size", sheetId: tab.sheetId, dimension, sizes };
}

export function hiding(
  tab: Tab,
  dimension: Dimension,
  { ranges }: RangesParams,
  how: { hidden: boolean },
): Edit {
  const lines = ranges.flatMap((range) => linesIn(tab, dimension, range));
  return { kind: "hide", sheetId: tab.sheetId, dimension, lines, hidden: how.hidden };
}

export function sorting(tab: Tab, { range, orderRules, hasTitle }: SortParams): Edit {
  // The header and the defaults stay where they are, whatever was selected.
  const first = Math.max(
    range.startRow + (hasTitle ? 1 : 0),
    tab.properties.gridProperties?.frozenRowCount ?? 0,
  );
  return {
    kind: "sort",
    sheetId: tab.sheetId,
    rows: linesIn(tab, "ROWS", { ...range, startRow: first }),
    columns: [...tab.columns.ids], // whole rows: a run doesn't come apart
    by: orderRules.flatMap(({ colIndex, type }) => {
      const column = tab.columns.idAt(colIndex);
      return column === undefined ? [] : [{ column, descending: type === "desc" }];
    }),
  };
}

/** Cells that got the same look go together. */
export function styling(tab: Tab, looks: readonly Look[]): Edit[] {
  const groups = new Map<
    string,
    { style: IStyleData | null; rows: Set<number>; columns: Set<number> }
  >();
  for (const { down, right, style } of looks) {
    const row = tab.rows.idAt(down);
    const column = tab.columns.idAt(right);
    if (row === undefined || column === undefined) continue;
    const key = JSON.stringify(style);
    let group = groups.get(key);
    if (group === undefined) {
      groups.set(key, (group = { style, rows: new Set(), columns: new Set() }));
    }
    group.rows.add(row);
    group.columns.add(column);
  }
  return [...groups.values()].flatMap(({ style, rows, columns }): Edit[] => {
    const { format, fields } =
      style === null ? { format: {}, fields: ["userEnteredFormat"] } : formatOf(style);
    if (fields.length === 0) return [];
    return [
      {
        kind: "format",
        sheetId: tab.sheetId,
        rows: [...rows],
        columns: [...columns],
        format,
        fields: fields.join(","),
      },
    ];
  });
}

export function addingTab({ index, sheet }: InsertSheetParams): Edit {
  const properties = {
    title: sheet.name,
    index,
    gridProperties: { rowCount: 1000, columnCount: 26 },
  };
  return { kind: "addTab", sheetId: newSheetId(), properties };
}

/** A mutation of the tab itself; null if it is another one. */
export function changingTab(tab: Tab, name: string, params: Common): Edit | null {
  const { sheetId } = tab;
  const said = params as Common & Partial<TabParams>;
  const update = (properties: Record<string, unknown>, ...fields: string[]): Edit => {
    return { kind: "changeTab", sheetId, properties, fields };
  };
  switch (name) {
    case "remove-sheet":
      return { kind: "removeTab", sheetId };
    case "set-worksheet-name":
      return update({ title: said.name }, "title");
    case "set-worksheet-order":
      return update({ index: said.toOrder }, "index");
    case "set-worksheet-hidden":
      return update({ hidden: said.hidden === 1 }, "hidden");
    case "set-tab-color":
      return update(said.color ? { tabColor: color(said.color) } : {}, "tabColor");
    case "set-frozen": {
      const { ySplit = 0, xSplit = 0 } = said;
      return update(
        { gridProperties: { frozenRowCount: ySplit, frozenColumnCount: xSplit } },
        "gridProperties.frozenRowCount",
        "gridProperties.frozenColumnCount",
      );
    }
    default:
      return null;
  }
}

interface TabParams {
  name: string;
  toOrder: number;
  hidden: number;
  color: string;
  ySplit: number;
  xSplit: number;
}

export function ends(dimension: Dimension, range: Range): [start: number, end: number] {
  return dimension === "ROWS"
    ? [range.startRow, range.endRow]
    : [range.startColumn, range.endColumn];
}

export function linesIn(tab: Tab, dimension: Dimension, range: Range): number[] {
  const [start, end] = ends(dimension, range);
  return [...tab.axis(dimension).ids.slice(start, end + 1)];
}
