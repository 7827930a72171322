/**
 * What programs that drive the page ask it: the grid is a canvas, and shows them nothing.
 *
 * It only tells; whoever wants to change something presses keys and clicks.
 */

import { CellValueType } from "@univerjs/core";

import type { Session } from "../session";
import { shownText } from "../model/tab";
import type { Grid } from "../univer/grid";
import { rectangleOf } from "../univer/rectangle";

export interface GridHook {
  ready: boolean;
  /** What is on the screen in a cell, by place. */
  shown(down: number, right: number): string;
  /** What the server has in a cell, by place. */
  confirmed(down: number, right: number): string;
  /** Where a cell is in the window; null while it is scrolled out of sight. */
  rectangle(
    down: number,
    right: number,
  ): { x: number; y: number; width: number; height: number } | null;
  background(down: number, right: number): string | null;
  selection(): { down: number; right: number } | null;
  /** Where an editor is open; at -1, -1 if its cell was deleted meanwhile. */
  editing(): { down: number; right: number } | null;
  size(): { rows: number; columns: number };
  /** Writes on their way, and cells that are ahead of the server. */
  waiting(): { writes: number; cells: number };
  revision(): number;
  /** Whether the workbook is being loaded anew. */
  loading(): boolean;
}

declare global {
  interface Window {
    gsheetMlGrid?: GridHook;
  }
}

export function offerHook(grid: Grid, session: Session): void {
  const active = () => (session.loaded ? session.workbook.tab(grid.activeSheetId ?? -1) : undefined);
  const hook: GridHook = {
    ready: false,
    shown: (down, right) => {
      const sheet = grid.book?.getActiveSheet();
      const cell = sheet?.getCell(down, right);
      const value = cell?.v ?? "";
      if (cell?.t === CellValueType.BOOLEAN && (value === 1 || value === 0)) return value === 1 ? "TRUE" : "FALSE";
      return String(value);
    },
    confirmed: (down, right) => {
      const tab = active();
      const row = tab?.rows.idAt(down);
      const column = tab?.columns.idAt(right);
      if (tab === undefined || row === undefined || column === undefined) return "";
      return shownText(tab.cell(row, column));
    },
    rectangle: (down, right) => rectangleOf(grid, down, right),
    background: (down, right) => {
      const style = grid.book?.getActiveSheet().getComposedCellStyle(down, right);
      return style?.bg?.rgb ?? null;
    },
    selection: () => {
      const selected = grid.selected();
      const tab = active();
      if (selected === null || tab === undefined) return null;
      const down = tab.rows.placeOf(selected.row);
      const right = tab.columns.placeOf(selected.column);
      return down === undefined || right === undefined ? null : { down, right };
    },
    editing: () => {
      const { editing } = grid;
      if (editing === null) return null;
      return grid.orphaned ? { down: -1, right: -1 } : { down: editing.down, right: editing.right };
    },
    size: () => {
      const sheet = grid.book?.getActiveSheet();
      return { rows: sheet?.getRowCount() ?? 0, columns: sheet?.getColumnCount() ?? 0 };
    },
    waiting: () => ({ writes: session.writing, cells: session.pending.size }),
    revision: () => (session.loaded ? session.workbook.revision : -1),
    loading: () => session.loading,
  };
  window.gsheetMlGrid = hook;
  void grid.drawn.then(() => {
    hook.ready = true;
  });
}
