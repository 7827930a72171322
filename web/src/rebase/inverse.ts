/**
 * The step that takes an edit back, made at the moment when the edit is made a request.
 *
 * Pure. Decided elsewhere: what taking a step back means later, when others have written, too
 * (`undo.ts`).
 */

import { editText } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { Edit } from "./edits";
import { keep, lineAfter, type Step } from "./undo";

const ROW_HEIGHT = 21;
const COLUMN_WIDTH = 100;

/** Null: there is nothing to take back, or it can't be. */
export function inverse(edit: Edit, workbook: Workbook): Step | null {
  if (edit.kind === "tabs" || edit.kind === "sort" || edit.kind === "filter") return null;
  const { sheetId } = edit;
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
    case "hide":
      return null;
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
