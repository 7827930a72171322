/**
 * Editor and selection stay on their cells while others insert, delete or move lines. Pure.
 *
 * Decided here: where a range is after lines have moved. Decided elsewhere: when it is asked
 * (`grid.ts`).
 */

import type { ISelectionCell } from "@univerjs/core";

import type { Axis } from "../model/axis";
import type { Happening } from "../model/changes";
import type { Tab } from "../model/tab";
import type { Range } from "./snapshot";

export interface Order {
  rows: readonly number[];
  columns: readonly number[];
}

/** The lines as they stood before these happenings, which the tab has already. */
export function orderBefore(tab: Tab, happenings: readonly Happening[]): Order {
  let rows = tab.rows.ids;
  let columns = tab.columns.ids;
  for (const happening of [...happenings].reverse()) {
    if (happening.kind !== "lines" || happening.sheetId !== tab.sheetId) continue;
    const { at, came, gone, dimension } = happening;
    const back = (ids: readonly number[]): number[] => [
      ...ids.slice(0, at),
      ...gone,
      ...ids.slice(at + came.length),
    ];
    if (dimension === "ROWS") rows = back(rows);
    else columns = back(columns);
  }
  return { rows, columns };
}

/** Where the cells of a range stand now; what became of it if they are all gone. */
export function followed(range: Range, before: Order, tab: Tab): Range {
  const [startRow, endRow] = between(range.startRow, range.endRow, before.rows, tab.rows);
  const [startColumn, endColumn] = between(
    range.startColumn,
    range.endColumn,
    before.columns,
    tab.columns,
  );
  return { startRow, endRow, startColumn, endColumn };
}

function between(
  start: number,
  end: number,
  before: readonly number[],
  now: Axis,
): [number, number] {
  const last = now.count - 1;
  if (end - start + 1 >= before.length) return [0, last]; // all of them
  const places = before.slice(start, end + 1).flatMap((id) => now.placeOf(id) ?? []);
  const lines = end - start + 1;
  // A sort spreads the lines: then the range stays where it is, as a range of places.
  const first = Math.min(...places);
  const spread = places.length > 0 && Math.max(...places) - first + 1 > lines + now.count - before.length;
  if (places.length === 0 || spread) return [Math.min(start, last), Math.min(end, last)];
  return [first, Math.max(...places)];
}

/** A cell as the one that has the focus. */
export function primaryAt(row: number, column: number): ISelectionCell {
  return {
    startRow: row,
    endRow: row,
    startColumn: column,
    endColumn: column,
    actualRow: row,
    actualColumn: column,
    isMerged: false,
    isMergedMainCell: false,
  };
}
