/**
 * The editor of a cell while others change the sheet.
 *
 * Decided here: which cell it belongs to when lines have moved, what waits for it to close, and that
 * what is typed into a cell that somebody deletes meanwhile lands in no other one. Decided elsewhere:
 * how it follows its line (`incoming.ts`), what its text becomes (`showing.ts`, `outgoing.ts`).
 */

import {
  DOCS_NORMAL_EDITOR_UNIT_ID_KEY,
  type DocumentDataModel,
  type Injector,
  IUniverInstanceService,
} from "@univerjs/core";
import { IRenderManagerService } from "@univerjs/engine-render";
import {
  IEditorBridgeService,
  SheetCellEditorResizeService,
} from "@univerjs/sheets-ui";

import type { Happening } from "../model/changes";
import type { Workbook } from "../model/workbook";
import { documentText } from "./cells";
import { orderBefore, primaryAt } from "./selection";

/** A cell by ids. */
export interface CellOf {
  sheetId: number;
  row: number;
  column: number;
}

export class CellEditor {
  readonly #injector: Injector;
  readonly #bridge: IEditorBridgeService;
  #waiting: (() => void)[] = [];
  #orphaned = false;

  /** `lost` is told what was typed into a cell that is gone. */
  constructor(injector: Injector, lost: (typed: string) => void) {
    this.#injector = injector;
    this.#bridge = injector.get(IEditorBridgeService);
    this.#bridge.visible$.subscribe(({ visible }) => {
      if (visible) return;
      if (this.#orphaned) lost(this.#text());
      const due = this.#waiting;
      this.#waiting = [];
      // First what was typed, if anything was, becomes an edit, and the selection goes on.
      setTimeout(() => {
        this.#orphaned = false;
        for (const one of due) one();
      });
    });
  }

  /** Where it is open, by place. */
  get place(): { sheetId: number; down: number; right: number } | null {
    if (!this.#bridge.isVisible().visible) return null;
    const location = this.#bridge.getEditLocation();
    if (!location) return null;
    return { sheetId: Number(location.sheetId), down: location.row, right: location.column };
  }

  /** Do something when it has closed. */
  whenClosed(todo: () => void): void {
    this.#waiting.push(todo);
  }

  /** Until it isn't open. */
  async closed(): Promise<void> {
    while (this.place !== null) {
      await new Promise<void>((resolve) => {
        this.whenClosed(resolve);
      });
    }
  }

  /** Its cell, of a workbook in which these things have just happened; Univer doesn't know yet. */
  cell(workbook: Workbook, happenings: readonly Happening[]): CellOf | null {
    const { place } = this;
    if (place === null) return null;
    const { sheetId } = place;
    const tab = workbook.tab(sheetId);
    if (tab === undefined) return { sheetId, row: -1, column: -1 }; // the tab was deleted just now
    const before = orderBefore(tab, happenings);
    const row = before.rows[place.down];
    const column = before.columns[place.right];
    if (row === undefined || column === undefined) return null;
    return { sheetId, row, column };
  }

  /** Its box goes to where its cell is now: Univer moves the cell, not the box. */
  follow(): void {
    const { place } = this;
    const { _currentEditCell: cell } = this.#bridge as unknown as {
      _currentEditCell: Parameters<IEditorBridgeService["setEditCell"]>[0] | null;
    };
    if (place === null || cell === null) return;
    cell.primary = primaryAt(place.down, place.right);
    this.#bridge.refreshEditCellPosition(false);
    const render = this.#injector.get(IRenderManagerService).getRenderById(cell.unitId);
    render?.with(SheetCellEditorResizeService).fitTextSize();
  }

  /** Its cell was deleted. It stays open, for whoever types looks at the keys. */
  orphan(): void {
    this.#orphaned = true;
  }

  /** Whether what is typed belongs to no cell any more. */
  get orphaned(): boolean {
    return this.#orphaned;
  }

  #text(): string {
    const units = this.#injector.get(IUniverInstanceService);
    const document = units.getUnit<DocumentDataModel>(DOCS_NORMAL_EDITOR_UNIT_ID_KEY);
    return document ? documentText(document.getSnapshot()) : "";
  }
}

export function isThere(workbook: Workbook, { sheetId, row, column }: CellOf): boolean {
  const tab = workbook.tab(sheetId);
  return tab?.rows.placeOf(row) !== undefined && tab.columns.placeOf(column) !== undefined;
}
