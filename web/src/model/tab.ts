/**
 * One tab as of a revision: its lines, and the cells by the ids of their row and column.
 *
 * A cell is kept by ids, so lines that move take their cells along and nothing has to be shifted.
 * Decided elsewhere: how a message changes it (`changes.ts`), what is shown ahead of the server
 * (`rebase/pending.ts`).
 */

import type {
  Cell,
  Dimension,
  LineProperties,
  RowsLine,
  Scalar,
  SheetProperties,
} from "../protocol/messages";
import { Axis, spread } from "./axis";

export type CellPlace = readonly [row: number, column: number];

export class Tab {
  readonly sheetId: number;
  properties: SheetProperties;
  readonly rows: Axis;
  readonly columns: Axis;
  readonly rowProperties = new Map<number, LineProperties>();
  readonly columnProperties = new Map<number, LineProperties>();
  hiddenByFilter = new Set<number>();
  readonly #cells = new Map<number, (Cell | undefined)[]>();

  constructor(sheetId: number, properties: SheetProperties, rows: number[], columns: number[]) {
    this.sheetId = sheetId;
    this.properties = properties;
    this.rows = new Axis(rows);
    this.columns = new Axis(columns);
  }

  get title(): string {
    return this.properties.title ?? "";
  }

  axis(dimension: Dimension): Axis {
    return dimension === "ROWS" ? this.rows : this.columns;
  }

  lineProperties(dimension: Dimension): Map<number, LineProperties> {
    return dimension === "ROWS" ? this.rowProperties : this.columnProperties;
  }

  cell(row: number, column: number): Cell | undefined {
    return this.#cells.get(row)?.[column];
  }

  setCell(row: number, column: number, cell: Cell | null): void {
    let cells = this.#cells.get(row);
    if (cells === undefined) {
      if (cell === null) return;
      cells = [];
      this.#cells.set(row, cells);
    }
    cells[column] = cell ?? undefined;
  }

  /** The cells of a row that hold something, with the ids of their columns. */
  *cellsOf(row: number): Generator<[column: number, cell: Cell]> {
    for (const [column, cell] of (this.#cells.get(row) ?? []).entries()) {
      if (cell !== undefined) yield [column, cell];
    }
  }

  /** Whether nothing was entered in a row. */
  isBlankRow(row: number): boolean {
    for (const [column, cell] of this.cellsOf(row)) {
      if (this.columns.placeOf(column) !== undefined && !isBlank(cell)) return false;
    }
    return true;
  }

  /** Whether nothing was entered in a column. */
  isBlankColumn(column: number): boolean {
    return this.rows.ids.every((row) => isBlank(this.cell(row, column)));
  }

  /** Forget what stood in rows that are gone. */
  forget(dimension: Dimension, ids: Iterable<number>): void {
    const axis = this.axis(dimension);
    for (const id of ids) {
      if (axis.placeOf(id) !== undefined) continue;
      this.lineProperties(dimension).delete(id);
      if (dimension === "ROWS") this.#cells.delete(id);
      else for (const cells of this.#cells.values()) cells[id] = undefined;
    }
  }

  /** Put a piece of the snapshot in. */
  load(piece: RowsLine): void {
    const rows = spread(piece.rows);
    const lists = piece.columns.map((column) => ({ column, id: column.id }));
    for (const [at, row] of rows.entries()) {
      let cells = this.#cells.get(row);
      if (cells === undefined) this.#cells.set(row, (cells = []));
      for (const { column, id } of lists) {
        const cell: Cell = {};
        const put = <K extends keyof Cell>(key: K, found: Cell[K] | null | undefined): void => {
          if (found !== null && found !== undefined) cell[key] = found;
        };
        put("v", column.v?.[at]);
        put("t", column.t?.[at]);
        put("i", column.i?.[at]);
        put("f", column.f?.[at]);
        put("e", column.e?.[at]);
        put("s", column.s?.[at]);
        put("c", column.c?.[at]);
        const extra = column.x?.[at];
        if (typeof extra === "number") put("x", piece.extras?.[extra]);
        if (Object.keys(cell).length > 0) cells[id] = cell;
      }
    }
  }
}

export function isBlank(cell: Cell | undefined): boolean {
  return cell === undefined || (cell.v === undefined && cell.f === undefined);
}

/** What a person reads in a cell. */
export function shownText(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  return cell.t ?? textOf(cell.v);
}

/** What an editor begins with: entered again, it makes the same cell. */
export function editText(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  return cell.i ?? cell.f ?? textOf(cell.v);
}

/** Whether two cells hold the same entry, however they look. */
export function sameEntry(one: Cell | undefined, other: Cell | undefined): boolean {
  return one?.f === other?.f && (one?.f !== undefined || one?.v === other?.v);
}

function textOf(value: Scalar | undefined): string {
  if (value === undefined) return "";
  return typeof value === "boolean" ? (value ? "TRUE" : "FALSE") : String(value);
}
