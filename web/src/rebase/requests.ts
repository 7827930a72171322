/**
 * What requests of the Sheets API are made of: places of lines, their sizes, a cell's content. Pure.
 */

import type { Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { Cell, Dimension } from "../protocol/messages";

export type Request = Record<string, unknown>;

export interface Run {
  start: number;
  count: number;
}

/** Neighbouring places together. */
export function runsOf(found: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const place of [...found].sort((one, other) => one - other)) {
    const last = runs.at(-1);
    if (last && place === last.start + last.count) last.count += 1;
    else if (!last || place >= last.start + last.count) runs.push({ start: place, count: 1 });
  }
  return runs;
}

export function places(tab: Tab, dimension: Dimension, lines: readonly number[]): number[] {
  const axis = tab.axis(dimension);
  return lines.flatMap((id) => axis.placeOf(id) ?? []).sort((one, other) => one - other);
}

export function lineRange(tab: Tab, dimension: Dimension, run: Run): Request {
  return {
    sheetId: tab.sheetId,
    dimension,
    startIndex: run.start,
    endIndex: run.start + run.count,
  };
}

/** `sheetId` is another one than the tab's own where it has come back as a new one. */
export function sizes(
  tab: Tab,
  dimension: Dimension,
  wanted: { line: number; pixelSize: number }[],
  sheetId = tab.sheetId,
): Request[] {
  const bySize = new Map<number, number[]>();
  for (const { line, pixelSize } of wanted) {
    bySize.set(pixelSize, [...(bySize.get(pixelSize) ?? []), line]);
  }
  return [...bySize].flatMap(([pixelSize, lines]) =>
    runsOf(places(tab, dimension, lines)).map((run) => ({
      updateDimensionProperties: {
        range: { ...lineRange(tab, dimension, run), sheetId },
        properties: { pixelSize },
        fields: "pixelSize",
      },
    })),
  );
}

export function cellData(cell: Cell, workbook: Workbook): Request {
  const data: Request = {};
  if (cell.f !== undefined) data.userEnteredValue = { formulaValue: cell.f };
  else if (typeof cell.v === "number") data.userEnteredValue = { numberValue: cell.v };
  else if (typeof cell.v === "boolean") data.userEnteredValue = { boolValue: cell.v };
  else if (cell.v !== undefined) data.userEnteredValue = { stringValue: cell.v };
  if (cell.s !== undefined) data.userEnteredFormat = workbook.styles.get(cell.s) ?? {};
  if (cell.x?.dataValidation) data.dataValidation = cell.x.dataValidation;
  if (cell.x?.note) data.note = cell.x.note;
  return data;
}
