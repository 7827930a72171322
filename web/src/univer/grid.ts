/**
 * The grid: Univer on one side, the session on the other.
 *
 * Decided here: what an open editor and a selection keep while others change the sheet. A cell that
 * somebody edits isn't touched before its editor is closed; a selection stays on its cells.
 * Decided elsewhere: how things get in and out (`incoming.ts`, `outgoing.ts`), what they look like
 * (`showing.ts`, `validation.ts`), whose the editor is (`editor.ts`), whose the keys are (`keys.ts`).
 */

import {
  ICommandService,
  IConfirmService,
  type Injector,
  IUniverInstanceService,
  LifecycleService,
  LifecycleStages,
  ThemeService,
  type Univer,
  UniverInstanceType,
  type Workbook as UniverWorkbook,
} from "@univerjs/core";
import {
  type ISelectionWithStyle,
  RemoveColMutation,
  RemoveRowMutation,
  SetSelectionsOperation,
  SetWorksheetActiveOperation,
  SheetsSelectionsService,
} from "@univerjs/sheets";
import { IDialogService } from "@univerjs/ui";

import type { Happening } from "../model/changes";
import type { CellPlace, Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { Settled } from "../rebase/pending";
import type { Session, View } from "../session";
import { frame } from "./drawing";
import { CellEditor, isThere } from "./editor";
import { FROM_SERVER, Incoming } from "./incoming";
import { keysFindTheSheet } from "./keys";
import { type Growth, Outgoing, type PlacedEntry } from "./outgoing";
import { injectorOf, startUniver } from "./setup";
import { followed, type Order, orderBefore, primaryAt } from "./selection";
import { showServerTexts } from "./showing";
import { sheetName, univerWorkbook } from "./snapshot";
import { type Options, Validations } from "./validation";

export interface Selected {
  sheetId: number;
  /** Ids of the rows that are selected, from top to bottom. */
  rows: number[];
  /** The cell that has the focus. */
  row: number;
  column: number;
}

interface Parts {
  incoming: Incoming;
  validations: Validations;
  editor: CellEditor;
}

export interface GridNeeds {
  dark: boolean;
  options: Options;
  /** Tell the person a sentence. */
  notice(sentence: string): void;
}

export class Grid implements View {
  readonly injector: Injector;
  readonly #univer: Univer;
  readonly #needs: GridNeeds;
  /** Univer's rooms open with its first workbook; these need them. */
  #parts: Parts | null = null;
  #session: Session | null = null;
  #nth = 0;
  #shown: Workbook | null = null;
  #stands: () => void = () => undefined;
  /** When the first workbook stands on the screen, with all that can be done to it; or would. */
  readonly drawn: Promise<void>;

  constructor(container: HTMLElement, needs: GridNeeds) {
    this.#univer = startUniver(container, needs.dark);
    this.injector = injectorOf(this.#univer);
    this.#needs = needs;
    this.drawn = new Promise((resolve) => {
      this.#stands = resolve;
    });
  }

  /** Edits go there from now on. */
  follow(session: Session): void {
    this.#session = session;
  }

  get unitId(): string {
    return `workbook-${String(this.#nth)}`;
  }

  get book(): UniverWorkbook | null {
    const units = this.injector.get(IUniverInstanceService);
    return units.getUnit<UniverWorkbook>(this.unitId, UniverInstanceType.UNIVER_SHEET) ?? null;
  }

  get #selections(): SheetsSelectionsService {
    return this.injector.get(SheetsSelectionsService);
  }

  get #workbook(): Workbook | null {
    return this.#session?.loaded ? this.#session.workbook : null;
  }

  /** Where an editor is open, by place. */
  get editing(): CellEditor["place"] {
    return this.#parts?.editor.place ?? null;
  }

  /** Whether that cell was deleted meanwhile: what is typed belongs to none. */
  get orphaned(): boolean {
    return this.#parts?.editor.orphaned ?? false;
  }

  setDark(dark: boolean): void {
    this.injector.get(ThemeService).setDarkMode(dark);
  }

  async free(): Promise<void> {
    await this.#parts?.editor.closed();
  }

  show(workbook: Workbook): void {
    const active = this.book?.getActiveSheet().getSheetId();
    const selections = this.#parts ? this.#selections.getCurrentSelections() : [];
    const before = this.#shown?.tab(Number(active));
    const first = this.#nth === 0;
    if (!first) this.#univer.__getInjector().get(IUniverInstanceService).disposeUnit(this.unitId);
    this.#nth += 1;
    this.#univer.createUnit(UniverInstanceType.UNIVER_SHEET, univerWorkbook(workbook, this.unitId));
    const { incoming, validations } = (this.#parts ??= this.#open());
    incoming.began(workbook);
    this.#shown = workbook;
    const tab = workbook.tab(Number(active));
    if (tab !== undefined && before !== undefined) {
      const order = { rows: before.rows.ids, columns: before.columns.ids };
      this.#run(SetWorksheetActiveOperation.id, { subUnitId: active });
      this.#select(tab, selections, order, { reveal: true });
    }
    void validations.layAll(workbook);
    if (first) void this.#openAll();
  }

  arrived(sheetId: number, rows: readonly number[]): void {
    const workbook = this.#workbook;
    if (workbook === null) return;
    this.#parts?.incoming.arrived(sheetId, rows, workbook, (_, row, column) => {
      return (
        this.#holdIfEdited(workbook, sheetId, [row, column]) ||
        (this.#session?.pending.covers(sheetId, row, column) ?? false)
      );
    });
  }

  whole(): void {
    const workbook = this.#workbook;
    if (workbook === null) return;
    for (const tab of workbook.tabs) this.#parts?.validations.moved(tab);
    this.#parts?.validations.laySoon(() => this.#session?.workbook ?? workbook);
  }

  async #openAll(): Promise<void> {
    // A dialog that is asked for in the moment in which its service begins is never shown.
    this.injector.get(IDialogService);
    this.injector.get(IConfirmService);
    await this.injector.get(LifecycleService).onStage(LifecycleStages.Steady);
    await frame(); // in which the bars above the sheet take their place
    await frame();
    this.#stands();
  }

  #open(): Parts {
    const unitId = (): string => this.unitId;
    const incoming = new Incoming(this.injector, unitId);
    const validations = new Validations(this.injector, unitId, this.#needs.options);
    new Outgoing(this.injector, unitId, {
      tab: (name) => this.#workbook?.tab(Number(name)),
      perform: (edits) => this.#session?.gestures.perform(edits),
      beyond: (tab, growth, entries) => {
        this.#grow(tab, growth, entries);
      },
      undo: () => this.#session?.gestures.undo(),
      redo: () => this.#session?.gestures.redo(),
      editing: () => this.editing !== null,
      isCheckbox: (tab, down, right) => validations.isCheckbox(tab, down, right),
    });
    const editor = new CellEditor(this.injector, (typed) => {
      this.#needs.notice(
        `The cell into which you typed “${typed}” was deleted by somebody else meanwhile.`,
      );
    });
    showServerTexts(this.injector, editor);
    keysFindTheSheet(this.injector);
    return { incoming, validations, editor };
  }

  happened(happenings: readonly Happening[]): void {
    const workbook = this.#workbook;
    const session = this.#session;
    const parts = this.#parts;
    if (workbook === null || session === null || parts === null) return;
    const { incoming, validations, editor } = parts;
    const edited = editor.cell(workbook, happenings);
    if (edited !== null && !isThere(workbook, edited)) editor.orphan();
    const follow = this.#followSelection(workbook, happenings);
    incoming.apply(happenings, workbook, edited, (sheetId, row, column) => {
      if (edited?.sheetId === sheetId && edited.row === row && edited.column === column) {
        this.#hold(sheetId, [row, column]);
        return true;
      }
      return session.pending.covers(sheetId, row, column);
    });
    for (const happening of happenings) {
      if (happening.kind === "lines" || happening.kind === "tabAdded") {
        const tab = workbook.tab(happening.sheetId);
        if (tab) validations.moved(tab);
      } else if (happening.kind === "cells") {
        const tab = workbook.tab(happening.sheetId);
        if (tab) validations.changed(tab, happening.cells);
      }
    }
    validations.laySoon(() => session.workbook);
    follow();
    if (happenings.some(({ kind }) => kind === "lines")) editor.follow();
  }

  settle(cells: readonly Settled[]): void {
    const workbook = this.#workbook;
    if (workbook === null || cells.length === 0) return;
    const bySheet = new Map<number, CellPlace[]>();
    for (const { sheetId, row, column } of cells) {
      const places = bySheet.get(sheetId);
      if (places === undefined) bySheet.set(sheetId, [[row, column]]);
      else places.push([row, column]);
    }
    for (const [sheetId, places] of bySheet) this.#put(sheetId, places, workbook);
  }

  /** What is selected, by ids; null if the sheet isn't there. */
  selected(): Selected | null {
    const workbook = this.#workbook;
    if (this.#parts === null) return null;
    const found = this.#selections.getCurrentSelections();
    const sheetId = Number(this.book?.getActiveSheet().getSheetId());
    const tab = workbook?.tab(sheetId);
    const last = found.at(-1);
    if (tab === undefined || last === undefined) return null;
    const primary = last.primary ?? { actualRow: last.range.startRow, actualColumn: last.range.startColumn };
    const rows = found.flatMap(({ range }) => tab.rows.ids.slice(range.startRow, range.endRow + 1));
    const row = tab.rows.idAt(primary.actualRow);
    const column = tab.columns.idAt(primary.actualColumn);
    if (row === undefined || column === undefined) return null;
    return { sheetId, rows, row, column };
  }

  /** Tell when something else is selected; only once the first workbook is shown. */
  onSelected(listener: () => void): void {
    this.#selections.selectionMoveEnd$.subscribe(listener);
    this.injector.get(ICommandService).onCommandExecuted(({ id }) => {
      if (id === SetWorksheetActiveOperation.id) listener();
    });
  }

  get activeSheetId(): number | null {
    const name = this.book?.getActiveSheet().getSheetId();
    return name === undefined ? null : Number(name);
  }

  /** Show a cell, and put the focus there. */
  goTo(sheetId: number, row: number, column: number): void {
    const workbook = this.#workbook;
    const tab = workbook?.tab(sheetId);
    const down = tab?.rows.placeOf(row);
    const right = tab?.columns.placeOf(column) ?? 0;
    if (down === undefined) return;
    this.#run(SetWorksheetActiveOperation.id, { subUnitId: sheetName(sheetId) });
    const range = { startRow: down, endRow: down, startColumn: right, endColumn: right };
    this.#run(SetSelectionsOperation.id, {
      subUnitId: sheetName(sheetId),
      selections: [{ range, primary: primaryAt(down, right), style: null }],
      reveal: true,
    });
  }

  #put(sheetId: number, places: readonly CellPlace[], workbook: Workbook): void {
    const tab = workbook.tab(sheetId);
    const free = places.filter((place) => !this.#holdIfEdited(workbook, sheetId, place));
    this.#parts?.incoming.cells(sheetId, free, workbook);
    if (tab) this.#parts?.validations.changed(tab, places);
    this.#parts?.validations.laySoon(() => this.#session?.workbook ?? workbook);
  }

  /** Whether a cell, by ids, is the one whose editor is open; what it gets is shown later then. */
  #holdIfEdited(workbook: Workbook, sheetId: number, place: CellPlace): boolean {
    const { editing } = this;
    if (editing?.sheetId !== sheetId) return false;
    const tab = workbook.tab(sheetId);
    const [row, column] = place;
    if (tab?.rows.placeOf(row) !== editing.down) return false;
    if (tab.columns.placeOf(column) !== editing.right) return false;
    this.#hold(sheetId, place);
    return true;
  }

  /** What happened to the cell that is being edited is shown when its editor has closed. */
  #hold(sheetId: number, [row, column]: CellPlace): void {
    this.#parts?.editor.whenClosed(() => {
      const session = this.#session;
      if (session === null || session.pending.covers(sheetId, row, column)) return;
      this.#put(sheetId, [[row, column]], session.workbook);
    });
  }

  /** What puts the selection back onto its cells, after lines have moved. */
  #followSelection(workbook: Workbook, happenings: readonly Happening[]): () => void {
    const tab = workbook.tab(this.activeSheetId ?? -1);
    const moved = happenings.some(
      (happening) => happening.kind === "lines" && happening.sheetId === tab?.sheetId,
    );
    if (tab === undefined || !moved) return () => undefined;
    const before = orderBefore(tab, happenings);
    return () => {
      this.#select(tab, this.#selections.getCurrentSelections(), before, { reveal: false });
    };
  }

  /** Select the cells that were selected when the lines stood in another order. */
  #select(
    tab: Tab,
    selections: readonly ISelectionWithStyle[],
    before: Order,
    how: { reveal: boolean },
  ): void {
    const followedBy = selections.map((selection) => {
      const { primary } = selection;
      const range = { ...selection.range, ...followed(selection.range, before, tab) };
      if (!primary) return { ...selection, range };
      const place = followed(
        {
          startRow: primary.actualRow,
          endRow: primary.actualRow,
          startColumn: primary.actualColumn,
          endColumn: primary.actualColumn,
        },
        before,
        tab,
      );
      return { ...selection, range, primary: primaryAt(place.startRow, place.startColumn) };
    });
    const subUnitId = sheetName(tab.sheetId);
    this.#run(SetSelectionsOperation.id, { subUnitId, selections: followedBy, ...how });
  }

  /** A paste that needs room: the tab grows on the server, and what was pasted follows by ids. */
  #grow(tab: Tab, growth: Growth, entries: PlacedEntry[]): void {
    const session = this.#session;
    if (session === null) return;
    this.#removePhantoms(tab, growth);
    const known = { rows: [...tab.rows.ids], columns: [...tab.columns.ids] };
    void session.gestures.grow(tab, growth).then((came) => {
      const rows = [...known.rows, ...came.rows];
      const columns = [...known.columns, ...came.columns];
      const placed = entries.flatMap(({ down, right, text }) => {
        const row = rows[down];
        const column = columns[right];
        return row === undefined || column === undefined ? [] : [{ row, column, text }];
      });
      if (placed.length === 0) return;
      session.gestures.perform([{ kind: "enter", sheetId: tab.sheetId, entries: placed }]);
    });
  }

  /** The lines that Univer made by itself go: they come again, with the server's ids. */
  #removePhantoms(tab: Tab, { rows, columns }: Growth): void {
    const subUnitId = sheetName(tab.sheetId);
    if (rows > 0) {
      const range = {
        startRow: tab.rows.count,
        endRow: tab.rows.count + rows - 1,
        startColumn: 0,
        endColumn: tab.columns.count - 1,
      };
      this.#run(RemoveRowMutation.id, { subUnitId, range });
    }
    if (columns > 0) {
      const range = {
        startRow: 0,
        endRow: tab.rows.count - 1,
        startColumn: tab.columns.count,
        endColumn: tab.columns.count + columns - 1,
      };
      this.#run(RemoveColMutation.id, { subUnitId, range });
    }
  }

  #run(id: string, params: object): void {
    const whole = { ...params, unitId: this.unitId };
    this.injector.get(ICommandService).syncExecuteCommand(id, whole, FROM_SERVER);
  }
}
