/**
 * An edit as a request of the Sheets API, on the workbook as it is now.
 *
 * Decided here: how ids become indexes again, and what is left of an edit whose lines are gone.
 * Pure: the same edit and the same workbook make the same request. Decided elsewhere: when it is
 * sent and what happens on a conflict (`protocol/outbox.ts`).
 */

import type { Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { Dimension, GridRange } from "../protocol/messages";
import type { Call } from "../protocol/outbox";
import type { Edit, Entry, KeptLine } from "./edits";
import { cellData, lineRange, places, type Request, runsOf, sizes } from "./requests";
import { addTab, changeTab } from "./tabs";

/**
 * Null if nothing of the edits is left to do. Several edits make one atomic request, so none of
 * them may move what another one means.
 */
export function callFor(edits: readonly Edit[], workbook: Workbook): Call | null {
  const [only, ...others] = edits.flatMap((edit) => callForOne(edit, workbook) ?? []);
  if (only === undefined || others.length === 0) return only ?? null;
  return batchUpdate(
    [only, ...others].flatMap((call) => (call.body as { requests: Request[] }).requests),
  );
}

function callForOne(edit: Edit, workbook: Workbook): Call | null {
  if (edit.kind === "addTab") return batchUpdate(addTab(edit, workbook));
  const tab = workbook.tab(edit.sheetId);
  if (tab === undefined) return null;
  switch (edit.kind) {
    case "enter":
      return enter(tab, edit.entries);
    case "insert":
      return batchUpdate(insert(tab, edit, workbook));
    case "delete": {
      // From the end on, so that the indexes of the others stay right.
      const runs = runsOf(places(tab, edit.dimension, edit.lines)).reverse();
      return batchUpdate(
        runs.map((run) => ({ deleteDimension: { range: lineRange(tab, edit.dimension, run) } })),
      );
    }
    case "move":
      return batchUpdate(move(tab, edit.dimension, edit.lines, edit.before));
    case "size":
      return batchUpdate(sizes(tab, edit.dimension, edit.sizes));
    case "hide":
      return batchUpdate(
        runsOf(places(tab, edit.dimension, edit.lines)).map((run) => ({
          updateDimensionProperties: {
            range: lineRange(tab, edit.dimension, run),
            properties: { hiddenByUser: edit.hidden },
            fields: "hiddenByUser",
          },
        })),
      );
    case "format":
      return batchUpdate(
        blocks(tab, edit.rows, edit.columns).map((range) => ({
          repeatCell: {
            range,
            cell: { userEnteredFormat: edit.format },
            fields: edit.fields,
          },
        })),
      );
    case "sort":
      return sort(tab, edit);
    case "arrange":
      return batchUpdate(arrange(tab, edit.rows));
    case "removeTab":
      return batchUpdate([{ deleteSheet: { sheetId: tab.sheetId } }]);
    case "changeTab":
      return batchUpdate([changeTab(edit, tab, workbook)]);
  }
}

function batchUpdate(requests: Request[]): Call | null {
  return requests.length > 0 ? { method: ":batchUpdate", body: { requests } } : null;
}

/** Cells as typed, in as few rectangles as they make. */
function enter(tab: Tab, entries: readonly Entry[]): Call | null {
  const rows = new Map<number, Map<number, string>>();
  for (const { row, column, text } of entries) {
    const down = tab.rows.placeOf(row);
    const right = tab.columns.placeOf(column);
    if (down === undefined || right === undefined) continue;
    let line = rows.get(down);
    if (line === undefined) rows.set(down, (line = new Map<number, string>()));
    line.set(right, text);
  }
  const data = rectangles(rows).map(({ range, values }) => ({
    dataFilter: { gridRange: { sheetId: tab.sheetId, ...range } },
    values,
  }));
  if (data.length === 0) return null;
  return {
    method: "/values:batchUpdateByDataFilter",
    body: {
      valueInputOption: "USER_ENTERED",
      includeValuesInResponse: true,
      responseValueRenderOption: "FORMULA",
      data,
    },
  };
}

export interface Rectangle {
  range: Required<Omit<GridRange, "sheetId">>;
  values: string[][];
}

/** Rows of equal runs of columns go together. */
export function rectangles(rows: ReadonlyMap<number, ReadonlyMap<number, string>>): Rectangle[] {
  const found: Rectangle[] = [];
  let open = new Map<string, Rectangle>();
  let last = -2;
  for (const down of [...rows.keys()].sort((one, other) => one - other)) {
    const line = rows.get(down);
    if (line === undefined) continue;
    const next = new Map<string, Rectangle>();
    for (const { start, count } of runsOf([...line.keys()])) {
      const key = `${String(start)}+${String(count)}`;
      const values = Array.from({ length: count }, (_, at) => line.get(start + at) ?? "");
      let rectangle = last === down - 1 ? open.get(key) : undefined;
      if (rectangle === undefined) {
        rectangle = {
          range: {
            startRowIndex: down,
            endRowIndex: down,
            startColumnIndex: start,
            endColumnIndex: start + count,
          },
          values: [],
        };
        found.push(rectangle);
      }
      rectangle.range.endRowIndex = down + 1;
      rectangle.values.push(values);
      next.set(key, rectangle);
    }
    open = next;
    last = down;
  }
  return found;
}

function insert(
  tab: Tab,
  edit: Extract<Edit, { kind: "insert" }>,
  workbook: Workbook,
): Request[] {
  const { dimension, count } = edit;
  const axis = tab.axis(dimension);
  const at = edit.before === null ? axis.count : (axis.placeOf(edit.before) ?? axis.count);
  const requests: Request[] =
    at === axis.count
      ? [{ appendDimension: { sheetId: tab.sheetId, dimension, length: count } }]
      : [
          {
            insertDimension: {
              range: lineRange(tab, dimension, { start: at, count }),
              inheritFromBefore: edit.inherit && at > 0,
            },
          },
        ];
  for (const [nth, line] of (edit.kept ?? []).entries()) {
    requests.push(...restored(tab, dimension, at + nth, line, workbook));
  }
  return requests;
}

/** What stood in a line that was deleted, put into the one that came in its place. */
function restored(
  tab: Tab,
  dimension: Dimension,
  at: number,
  line: KeptLine,
  workbook: Workbook,
): Request[] {
  const across = dimension === "ROWS" ? tab.columns : tab.rows;
  const requests: Request[] = line.cells.flatMap(([id, cell]) => {
    const place = across.placeOf(id);
    if (place === undefined) return [];
    const [rowIndex, columnIndex] = dimension === "ROWS" ? [at, place] : [place, at];
    return [
      {
        updateCells: {
          start: { sheetId: tab.sheetId, rowIndex, columnIndex },
          rows: [{ values: [cellData(cell, workbook)] }],
          fields: "userEnteredValue,userEnteredFormat,dataValidation,note",
        },
      },
    ];
  });
  if (line.pixelSize !== undefined) {
    requests.push({
      updateDimensionProperties: {
        range: lineRange(tab, dimension, { start: at, count: 1 }),
        properties: { pixelSize: line.pixelSize },
        fields: "pixelSize",
      },
    });
  }
  return requests;
}

/** Each run of lines on its own; a later one counts with what the earlier ones moved. */
function move(tab: Tab, dimension: Dimension, lines: number[], before: number | null): Request[] {
  const order = [...tab.axis(dimension).ids];
  const requests: Request[] = [];
  const wanted = places(tab, dimension, lines).flatMap((place) => order[place] ?? []);
  const moving = new Set(wanted);
  // The anchor itself may be among the lines; then the first line after it that isn't.
  let target = before === null ? order.length : order.indexOf(before);
  if (target < 0) return [];
  while (target < order.length && moving.has(order[target] ?? -1)) target += 1;
  const anchor = order[target];
  const runs = runsOf(wanted.map((id) => order.indexOf(id)));
  const groups = runs.map((run) => order.slice(run.start, run.start + run.count));
  for (const ids of groups) {
    const start = order.indexOf(ids[0] ?? -1);
    const to = anchor === undefined ? order.length : order.indexOf(anchor);
    if (to === start + ids.length) continue; // it stands there already
    const source = lineRange(tab, dimension, { start, count: ids.length });
    requests.push({ moveDimension: { source, destinationIndex: to } });
    order.splice(start, ids.length);
    order.splice(to > start ? to - ids.length : to, 0, ...ids);
  }
  return requests;
}

function sort(tab: Tab, edit: Extract<Edit, { kind: "sort" }>): Call | null {
  const [range] = blocks(tab, edit.rows, edit.columns);
  if (range === undefined) return null;
  const sortSpecs = edit.by.flatMap(({ column, descending }) => {
    const dimensionIndex = tab.columns.placeOf(column);
    if (dimensionIndex === undefined) return [];
    return [{ dimensionIndex, sortOrder: descending ? "DESCENDING" : "ASCENDING" }];
  });
  return sortSpecs.length > 0 ? batchUpdate([{ sortRange: { range, sortSpecs } }]) : null;
}

/**
 * The API knows no "in this order": a column that comes and goes says where each row belongs. Rows
 * that came in between stay where they are.
 */
function arrange(tab: Tab, rows: readonly number[]): Request[] {
  const known = rows.filter((id) => tab.rows.placeOf(id) !== undefined);
  const taken = places(tab, "ROWS", known);
  const start = taken[0];
  const end = taken.at(-1);
  if (start === undefined || end === undefined) return [];
  const rank = new Map(known.map((id, at) => [id, taken[at] ?? 0]));
  const ranks = tab.rows.ids.slice(start, end + 1).map((id, at) => rank.get(id) ?? start + at);
  const { sheetId } = tab;
  const helper = tab.columns.count;
  const range = {
    sheetId,
    startRowIndex: start,
    endRowIndex: end + 1,
    startColumnIndex: 0,
    endColumnIndex: helper + 1,
  };
  return [
    { appendDimension: { sheetId, dimension: "COLUMNS", length: 1 } },
    {
      updateCells: {
        start: { sheetId, rowIndex: start, columnIndex: helper },
        rows: ranks.map((numberValue) => ({ values: [{ userEnteredValue: { numberValue } }] })),
        fields: "userEnteredValue",
      },
    },
    { sortRange: { range, sortSpecs: [{ dimensionIndex: helper, sortOrder: "ASCENDING" }] } },
    { deleteDimension: { range: lineRange(tab, "COLUMNS", { start: helper, count: 1 }) } },
  ];
}

/** Rectangles of all given rows and columns. */
function blocks(tab: Tab, rows: readonly number[], columns: readonly number[]): GridRange[] {
  const across = runsOf(places(tab, "COLUMNS", columns));
  return runsOf(places(tab, "ROWS", rows)).flatMap((down) =>
    across.map((right) => ({
      sheetId: tab.sheetId,
      startRowIndex: down.start,
      endRowIndex: down.start + down.count,
      startColumnIndex: right.start,
      endColumnIndex: right.start + right.count,
    })),
  );
}
