/**
 * Tabs that come, go and change, as requests; and a deleted tab with all that was on it. Pure.
 *
 * A tab that comes back has another id: ids of its rows, which older steps of undo know, must not
 * mean rows of the new one. Decided elsewhere: when it comes back (`undo.ts`).
 */

import type { Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { GridRange, ObjectBody } from "../protocol/messages";
import type { Edit, KeptTab } from "./edits";
import { cellData, type Request, sizes } from "./requests";

/** What is needed to bring a tab back: it changes no more when it is gone. */
export function keepTab(tab: Tab, workbook: Workbook): KeptTab {
  const { sheetId } = tab;
  const of = (kind: string): ObjectBody[] => [...(workbook.objects.get(kind)?.values() ?? [])];
  return {
    tab,
    index: workbook.tabs.indexOf(tab),
    merges: of("merge").flatMap(({ range }) => (range && isOn(range, sheetId) ? [range] : [])),
    rules: of("conditionalFormat").filter(({ ranges }) =>
      (ranges as GridRange[] | undefined)?.some((range) => isOn(range, sheetId)),
    ),
  };
}

export function addTab(edit: Extract<Edit, { kind: "addTab" }>, workbook: Workbook): Request[] {
  const { sheetId, kept } = edit;
  const requests: Request[] = [{ addSheet: { properties: { ...edit.properties, sheetId } } }];
  if (kept === undefined) return requests;
  const { tab, merges, rules } = kept;
  for (const [rowIndex, row] of tab.rows.ids.entries()) {
    const last = Math.max(-1, ...[...tab.cellsOf(row)].map(([id]) => tab.columns.placeOf(id) ?? -1));
    if (last < 0) continue;
    const values = tab.columns.ids
      .slice(0, last + 1)
      .map((column) => cellData(tab.cell(row, column) ?? {}, workbook));
    requests.push({
      updateCells: {
        start: { sheetId, rowIndex, columnIndex: 0 },
        rows: [{ values }],
        fields: "userEnteredValue,userEnteredFormat,dataValidation,note",
      },
    });
  }
  const there = (range: GridRange): GridRange => ({ ...range, sheetId });
  return [
    ...requests,
    ...sizes(tab, "ROWS", sizesOf(tab, "ROWS"), sheetId),
    ...sizes(tab, "COLUMNS", sizesOf(tab, "COLUMNS"), sheetId),
    ...merges.map((range) => ({ mergeCells: { range: there(range), mergeType: "MERGE_ALL" } })),
    ...rules.map((rule, index) => ({
      addConditionalFormatRule: {
        rule: { ...rule, ranges: (rule.ranges as GridRange[]).map(there) },
        index,
      },
    })),
  ];
}

export function changeTab(
  edit: Extract<Edit, { kind: "changeTab" }>,
  tab: Tab,
  workbook: Workbook,
): Request {
  const { sheetId } = tab;
  const properties = { ...edit.properties, sheetId };
  const { index } = edit.properties;
  if (typeof index === "number" && index > workbook.tabs.indexOf(tab)) {
    Object.assign(properties, { index: index + 1 }); // it counts with the tab at its old place
  }
  return { updateSheetProperties: { properties, fields: edit.fields.join(",") } };
}

/** The properties with which a kept tab comes back. */
export function propertiesOf({ tab, index }: KeptTab): Record<string, unknown> {
  return {
    ...tab.properties,
    index,
    gridProperties: {
      ...tab.properties.gridProperties,
      rowCount: tab.rows.count,
      columnCount: tab.columns.count,
    },
  };
}

/** A tab's property by its path. */
export function valueAt(properties: Record<string, unknown>, field: string): unknown {
  return field
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], properties);
}

/** The properties at some paths, as they stand. */
export function pick(
  properties: Record<string, unknown>,
  fields: readonly string[],
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const field of fields) {
    const names = field.split(".");
    const last = names.pop() ?? "";
    let inner = found;
    for (const name of names) inner = (inner[name] ??= {}) as Record<string, unknown>;
    inner[last] = valueAt(properties, field);
  }
  return found;
}

export function newSheetId(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

function sizesOf(tab: Tab, dimension: "ROWS" | "COLUMNS"): { line: number; pixelSize: number }[] {
  return [...tab.lineProperties(dimension)].flatMap(([line, { pixelSize }]) =>
    pixelSize === undefined ? [] : [{ line, pixelSize }],
  );
}

function isOn(range: GridRange, sheetId: number): boolean {
  return (range.sheetId ?? 0) === sheetId;
}
