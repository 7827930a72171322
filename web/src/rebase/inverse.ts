/**
 * The step that takes an edit back, made at the moment when the edit is made a request.
 *
 * Pure. Decided elsewhere: what taking a step back means later, when others have written, too
 * (`undo.ts`).
 */

import { editText } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { Edit } from "./edits";
import { keepTab, pick } from "./tabs";
import { keep, lineAfter, type Step } from "./undo";

const ROW_HEIGHT = 21;
const COLUMN_WIDTH = 100;

/** Null: there is nothing to take back. */
export function inverse(edit: Edit, workbook: Workbook): Step | null {
  const { sheetId } = edit;
  if (edit.kind === "addTab") return { kind: "tabAdded", sheetId, kept: edit.kept ?? null };
  const tab = workbook.tab(sheetId);
  if (tab === undefined) return null;
  switch (edit.kind) {
    case "enter": {
      const cells = edit.entries.map(({ row, column, text }) => {
        return { row, column, text, before: editText(tab.cell(row, column)) };
      });
      return { kind: "enter", sheetId, cells };
    }
    case "insert":
      // Which lines came is known when they are there.
      return {
        kind: "inserted",
        sheetId,
        dimension: edit.dimension,
        lines: [],
        kept: edit.kept ?? [],
      };
    case "delete": {
      const { dimension, lines } = edit;
      const kept = keep(tab, dimension, lines);
      return { kind: "deleted", sheetId, dimension, before: lineAfter(tab, dimension, lines), kept };
    }
    case "move": {
      const { dimension, lines } = edit;
      return { kind: "moved", sheetId, dimension, lines, before: lineAfter(tab, dimension, lines) };
    }
    case "size": {
      const usual = edit.dimension === "ROWS" ? ROW_HEIGHT : COLUMN_WIDTH;
      const known = tab.lineProperties(edit.dimension);
      const sizes = edit.sizes.map(({ line }) => {
        return { line, pixelSize: known.get(line)?.pixelSize ?? usual };
      });
      return { kind: "sized", sheetId, dimension: edit.dimension, sizes };
    }
    case "hide": {
      const known = tab.lineProperties(edit.dimension);
      const wasHidden = (line: number): boolean => known.get(line)?.hiddenByUser ?? false;
      const lines = edit.lines.filter((line) => wasHidden(line) !== edit.hidden);
      return { kind: "hidden", sheetId, dimension: edit.dimension, lines, hidden: edit.hidden };
    }
    case "sort":
    case "arrange": {
      const sorted = new Set(edit.rows);
      return { kind: "arranged", sheetId, rows: tab.rows.ids.filter((id) => sorted.has(id)) };
    }
    case "removeTab":
      return { kind: "tabRemoved", sheetId, kept: keepTab(tab, workbook) };
    case "changeTab": {
      const { properties, fields } = edit;
      const now = { ...tab.properties, index: workbook.tabs.indexOf(tab) };
      return {
        kind: "tabChanged",
        sheetId,
        before: pick(now, fields),
        made: properties,
        fields,
      };
    }
    case "format": {
      const cells = edit.rows.flatMap((row) =>
        edit.columns.map((column) => {
          const style = tab.cell(row, column)?.s;
          return {
            row,
            column,
            format: (style === undefined ? undefined : workbook.styles.get(style)) ?? {},
          };
        }),
      );
      return { kind: "formatted", sheetId, cells, fields: edit.fields };
    }
  }
}
