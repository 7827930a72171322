/**
 * What happened to the workbook, as Univer's own mutations: the way in.
 *
 * Decided here: how lines, cells, tabs and their looks get onto the screen without closing an open
 * editor. All goes in as if from a collaborator (`fromCollab`), so that the way out (`outgoing.ts`)
 * doesn't send it back. Decided elsewhere: what happened (`model/changes.ts`).
 */

import {
  BooleanNumber,
  type ICellData,
  ICommandService,
  type IMutation,
  type Injector,
  IUniverInstanceService,
  mergeWorksheetSnapshotWithDefault,
  UniverInstanceType,
  type Workbook as UniverWorkbook,
  type Worksheet,
} from "@univerjs/core";
import {
  AddWorksheetMergeMutation,
  InsertColMutation,
  InsertRowMutation,
  InsertSheetMutation,
  MoveColsMutation,
  MoveRowsMutation,
  RemoveColMutation,
  RemoveRowMutation,
  RemoveSheetMutation,
  RemoveWorksheetMergeMutation,
  SetColDataMutation,
  SetFrozenMutation,
  SetRangeValuesMutation,
  SetRowDataMutation,
  SetTabColorMutation,
  SetWorksheetColWidthMutation,
  SetWorksheetHideMutation,
  SetWorksheetNameMutation,
  SetWorksheetOrderMutation,
  SheetSkeletonService,
} from "@univerjs/sheets";

import type { Happening } from "../model/changes";
import type { CellPlace, Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import { cellStyleOf, hex } from "./styles";
import { univerCell } from "./cells";
import type { CellOf } from "./editor";
import {
  columnData,
  freezeOf,
  mergesOf,
  type Range,
  rangeOf,
  rowData,
  sheetName,
  univerCells,
  univerSheet,
} from "./snapshot";

export const FROM_SERVER = { fromCollab: true } as const;

type Lines = Extract<Happening, { kind: "lines" }>;

export class Incoming {
  readonly #injector: Injector;
  readonly #commands: ICommandService;
  readonly #unitId: () => string;
  readonly #known = new Set<number>();
  readonly #unfilled: Lines[] = [];
  #edited: CellOf | null = null;

  constructor(injector: Injector, unitId: () => string) {
    this.#injector = injector;
    this.#commands = injector.get(ICommandService);
    this.#unitId = unitId;
  }

  get #book(): UniverWorkbook | null {
    const units = this.#injector.get(IUniverInstanceService);
    return units.getUnit<UniverWorkbook>(this.#unitId(), UniverInstanceType.UNIVER_SHEET) ?? null;
  }

  sheet(sheetId: number): Worksheet | null {
    return this.#book?.getSheetBySheetId(sheetName(sheetId)) ?? null;
  }

  /** Univer begins with these styles. */
  began(workbook: Workbook): void {
    this.#known.clear();
    for (const id of workbook.styles.keys()) this.#known.add(id);
  }

  /** `edited` is the cell whose editor is open: it stays as it is, wherever its lines go. */
  apply(
    happenings: readonly Happening[],
    workbook: Workbook,
    edited: CellOf | null,
    covered: Covered,
  ): void {
    this.#learnStyles(workbook);
    this.#edited = edited;
    const fresh = new Set<number>();
    for (let at = 0; at < happenings.length; at += 1) {
      const happening = happenings[at];
      const following = happenings[at + 1];
      if (happening === undefined) continue;
      if (happening.kind === "tabAdded") fresh.add(happening.sheetId);
      if (happening.kind === "lines" && fresh.has(happening.sheetId)) continue; // it came with them
      if (happening.kind === "lines" && following?.kind === "lines" && isMove(happening, following)) {
        this.#move(happening, following);
        at += 1;
        continue;
      }
      this.#applyOne(happening, workbook, covered);
    }
    // Only now do the lines stand where the workbook has them.
    for (const { sheetId, dimension, came } of this.#unfilled.splice(0)) {
      const tab = workbook.tab(sheetId);
      if (tab) this.#fill(tab, dimension, came, workbook);
    }
  }

  #applyOne(happening: Happening, workbook: Workbook, covered: Covered): void {
    switch (happening.kind) {
      case "lines":
        this.#lines(happening);
        return;
      case "cells":
        this.cells(
          happening.sheetId,
          happening.cells.filter(([row, column]) => !covered(happening.sheetId, row, column)),
          workbook,
        );
        return;
      case "lineProperties": {
        const tab = workbook.tab(happening.sheetId);
        if (tab) this.#lineData(tab, happening.dimension, happening.lines);
        return;
      }
      case "hidden": {
        const tab = workbook.tab(happening.sheetId);
        if (tab) this.#lineData(tab, "ROWS", tab.rows.ids);
        return;
      }
      case "objects":
        if (happening.name === "merge") {
          for (const tab of workbook.tabs) this.#merges(tab, workbook);
        }
        return;
      case "tabAdded": {
        const tab = workbook.tab(happening.sheetId);
        if (tab) {
          this.#run(InsertSheetMutation, {
            index: happening.position,
            sheet: mergeWorksheetSnapshotWithDefault(univerSheet(tab, workbook)),
          });
        }
        return;
      }
      case "tabRemoved":
        this.#removeTab(happening.sheetId);
        return;
      case "tabsOrdered":
        this.#order(workbook);
        return;
      case "tab": {
        const tab = workbook.tab(happening.sheetId);
        if (tab) this.#tab(tab);
        return;
      }
      case "workbook":
        return;
    }
  }

  /** Show cells as the workbook has them, whole: nothing of what was there is kept. */
  cells(sheetId: number, places: readonly CellPlace[], workbook: Workbook): void {
    const tab = workbook.tab(sheetId);
    const sheet = this.sheet(sheetId);
    if (tab === undefined || sheet === null || places.length === 0) return;
    const matrix = sheet.getCellMatrix();
    const touched: Record<number, Record<number, ICellData>> = {};
    for (const [row, column] of places) {
      const down = tab.rows.placeOf(row);
      const right = tab.columns.placeOf(column);
      if (down === undefined || right === undefined) continue;
      const made = univerCell(tab.cell(row, column));
      // Not by the mutation: it merges the new style into the old one.
      if (made === null) matrix.realDeleteValue(down, right);
      else matrix.setValue(down, right, made);
      (touched[down] ??= {})[right] = made?.t ? { t: made.t } : {};
    }
    // It changes nothing more (with its type, a text that looks like a number stays one), and tells
    // everybody who shows cells.
    this.#run(SetRangeValuesMutation, { subUnitId: sheetName(sheetId), cellValue: touched });
  }

  /** Show rows that have arrived since the workbook is shown; until now they were blank. */
  arrived(sheetId: number, rows: readonly number[], workbook: Workbook, covered: Covered): void {
    const tab = workbook.tab(sheetId);
    const sheet = this.sheet(sheetId);
    if (tab === undefined || sheet === null) return;
    this.#learnStyles(workbook);
    const matrix = sheet.getCellMatrix();
    const inSight: Record<number, Record<number, ICellData>> = {};
    const isInSight = this.#sight(sheetId);
    for (const row of rows) {
      const down = tab.rows.placeOf(row);
      if (down === undefined) continue;
      for (const [right, column, made] of univerCells(tab, row)) {
        if (covered(sheetId, row, column)) continue;
        matrix.setValue(down, right, made);
        if (isInSight(down)) (inSight[down] ??= {})[right] = made.t ? { t: made.t } : {};
      }
    }
    if (Object.keys(inSight).length === 0) return; // drawn when somebody scrolls there
    this.#run(SetRangeValuesMutation, { subUnitId: sheetName(sheetId), cellValue: inSight });
  }

  /** Whether a row, by place, is drawn at present. */
  #sight(sheetId: number): (down: number) => boolean {
    const skeletons = this.#injector.get(SheetSkeletonService);
    const skeleton = skeletons.getSkeleton(this.#unitId(), sheetName(sheetId));
    const ranges = [...(skeleton?.getVisibleRanges().values() ?? [])];
    return (down) => ranges.some(({ startRow, endRow }) => startRow <= down && down <= endRow);
  }

  #lines(happening: Lines): void {
    const { sheetId, dimension, at, gone, came } = happening;
    if (isPermutation(gone, came)) {
      this.#moveEdited(happening);
    } else {
      // First what comes: a grid can't be without lines in between.
      if (came.length > 0) this.#insert(sheetId, dimension, at + gone.length, came.length);
      if (gone.length > 0) this.#remove(sheetId, dimension, at, gone.length);
    }
    if (came.length > 0) this.#unfilled.push(happening);
  }

  /** All that stands in some lines, and their looks. */
  #fill(tab: Tab, dimension: "ROWS" | "COLUMNS", lines: number[], workbook: Workbook): void {
    const across = dimension === "ROWS" ? tab.columns : tab.rows;
    const places = lines.flatMap((line) =>
      across.ids.map((other): CellPlace => (dimension === "ROWS" ? [line, other] : [other, line])),
    );
    const edited = this.#edited?.sheetId === tab.sheetId ? this.#edited : null;
    const free = places.filter(([row, column]) => row !== edited?.row || column !== edited.column);
    this.cells(tab.sheetId, free, workbook);
    this.#lineData(tab, dimension, lines);
  }

  /** An editor follows a line that moves, not one that is sorted: so its line moves first. */
  #moveEdited({ sheetId, dimension, at, gone, came }: Lines): void {
    if (this.#edited?.sheetId !== sheetId) return;
    const line = dimension === "ROWS" ? this.#edited.row : this.#edited.column;
    const from = gone.indexOf(line);
    const to = came.indexOf(line);
    if (from === to) return;
    const step = { kind: "lines", sheetId, dimension } as const;
    this.#move(
      { ...step, at: at + from, gone: [line], came: [] },
      { ...step, at: at + to, gone: [], came: [line] },
    );
  }

  #insert(sheetId: number, dimension: "ROWS" | "COLUMNS", at: number, count: number): void {
    const range = this.#lineRange(sheetId, dimension, at, count);
    const mutation = dimension === "ROWS" ? InsertRowMutation : InsertColMutation;
    this.#run(mutation, { subUnitId: sheetName(sheetId), range });
  }

  #remove(sheetId: number, dimension: "ROWS" | "COLUMNS", at: number, count: number): void {
    const range = this.#lineRange(sheetId, dimension, at, count);
    const mutation = dimension === "ROWS" ? RemoveRowMutation : RemoveColMutation;
    this.#run(mutation, { subUnitId: sheetName(sheetId), range });
  }

  #move(from: Lines, to: Lines): void {
    const count = from.gone.length;
    // The target counts with the lines still at their old place.
    const target = to.at >= from.at ? to.at + count : to.at;
    this.#run(from.dimension === "ROWS" ? MoveRowsMutation : MoveColsMutation, {
      subUnitId: sheetName(from.sheetId),
      sourceRange: this.#lineRange(from.sheetId, from.dimension, from.at, count),
      targetRange: this.#lineRange(from.sheetId, from.dimension, target, count),
    });
  }

  #lineRange(sheetId: number, dimension: "ROWS" | "COLUMNS", at: number, count: number): Range {
    const sheet = this.sheet(sheetId);
    const lastRow = (sheet?.getRowCount() ?? 1) - 1;
    const lastColumn = (sheet?.getColumnCount() ?? 1) - 1;
    return dimension === "ROWS"
      ? { startRow: at, endRow: at + count - 1, startColumn: 0, endColumn: lastColumn }
      : { startRow: 0, endRow: lastRow, startColumn: at, endColumn: at + count - 1 };
  }

  #lineData(tab: Tab, dimension: "ROWS" | "COLUMNS", lines: readonly number[]): void {
    const sheet = this.sheet(tab.sheetId);
    const known =
      dimension === "ROWS"
        ? sheet?.getRowManager().getRowData()
        : sheet?.getColumnManager().getColumnData();
    const data: Record<number, object | null> = {};
    for (const line of lines) {
      const place = tab.axis(dimension).placeOf(line);
      if (place === undefined) continue;
      const made = dimension === "ROWS" ? rowData(tab, line) : columnData(tab.columnProperties.get(line));
      if (made === null && known?.[place] === undefined) continue;
      data[place] = made ?? (dimension === "ROWS" ? { hd: BooleanNumber.FALSE } : null);
    }
    if (Object.keys(data).length === 0) return;
    const subUnitId = sheetName(tab.sheetId);
    if (dimension === "ROWS") this.#run(SetRowDataMutation, { subUnitId, rowData: data });
    else this.#run(SetColDataMutation, { subUnitId, columnData: data });
    // It changes nothing more: only with it, places are reckoned anew.
    this.#run(SetWorksheetColWidthMutation, { subUnitId, ranges: [], colWidth: {} });
  }

  #merges(tab: Tab, workbook: Workbook): void {
    const sheet = this.sheet(tab.sheetId);
    const there = sheet?.getMergeData() ?? [];
    const wanted = mergesOf(tab, workbook).map((range) => rangeOf(tab, range));
    const subUnitId = sheetName(tab.sheetId);
    if (there.length > 0) {
      this.#run(RemoveWorksheetMergeMutation, { subUnitId, ranges: [...there] });
    }
    if (wanted.length > 0) this.#run(AddWorksheetMergeMutation, { subUnitId, ranges: wanted });
  }

  #tab(tab: Tab): void {
    const sheet = this.sheet(tab.sheetId);
    if (sheet === null) return;
    const subUnitId = sheetName(tab.sheetId);
    if (sheet.getName() !== tab.title) {
      this.#run(SetWorksheetNameMutation, { subUnitId, name: tab.title });
    }
    const color = tab.properties.tabColor ? hex(tab.properties.tabColor) : "";
    if ((sheet.getTabColor() ?? "") !== color) {
      this.#run(SetTabColorMutation, { subUnitId, color });
    }
    const hidden = tab.properties.hidden ? BooleanNumber.TRUE : BooleanNumber.FALSE;
    if (sheet.isSheetHidden() !== hidden) {
      this.#run(SetWorksheetHideMutation, { subUnitId, hidden });
    }
    const freeze = freezeOf(tab);
    const before = sheet.getFreeze();
    if (before.xSplit !== freeze.xSplit || before.ySplit !== freeze.ySplit) {
      this.#run(SetFrozenMutation, { subUnitId, ...freeze });
    }
  }

  #removeTab(sheetId: number): void {
    const sheet = this.sheet(sheetId);
    if (sheet === null) return;
    this.#run(RemoveSheetMutation, {
      subUnitId: sheetName(sheetId),
      subUnitName: sheet.getName(),
    });
  }

  #order(workbook: Workbook): void {
    const wanted = workbook.tabs.map((tab) => sheetName(tab.sheetId));
    for (const [toOrder, subUnitId] of wanted.entries()) {
      const fromOrder = this.#book?.getSheetOrders().indexOf(subUnitId) ?? -1;
      if (fromOrder < 0 || fromOrder === toOrder) continue;
      this.#run(SetWorksheetOrderMutation, { subUnitId, fromOrder, toOrder });
    }
  }

  #learnStyles(workbook: Workbook): void {
    const styles = this.#book?.getStyles();
    for (const [id, format] of workbook.styles) {
      if (this.#known.has(id)) continue;
      this.#known.add(id);
      styles?.addCustomStyle(String(id), cellStyleOf(format));
    }
  }

  #run<P extends object>(mutation: IMutation<P>, params: Omit<P, "unitId">): void {
    const whole = { ...params, unitId: this.#unitId() };
    this.#commands.syncExecuteCommand(mutation.id, whole, FROM_SERVER);
  }
}

export type Covered = (sheetId: number, row: number, column: number) => boolean;

/** A move is two effects: the same lines go, and come at another place. */
function isMove(from: Lines, to: Lines): boolean {
  return (
    from.sheetId === to.sheetId &&
    from.dimension === to.dimension &&
    from.gone.length > 0 &&
    from.came.length === 0 &&
    to.gone.length === 0 &&
    from.gone.length === to.came.length &&
    from.gone.every((id, at) => id === to.came[at])
  );
}

function isPermutation(gone: readonly number[], came: readonly number[]): boolean {
  if (gone.length === 0 || gone.length !== came.length) return false;
  const ids = new Set(gone);
  return came.every((id) => ids.has(id));
}
