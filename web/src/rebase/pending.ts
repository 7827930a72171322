/**
 * Which cells are shown ahead of the server, and until when.
 *
 * A cell that a person filled shows what was typed until the server's order has caught up: then the
 * parsed value and its colour win. While two entries into one cell are on their way, the server's
 * word on the first isn't shown any more. Pure; decided elsewhere: what the grid shows (`univer/`).
 */

import type { Entry } from "./edits";

interface Ahead {
  sheetId: number;
  entries: readonly Entry[];
  /** Known when the server has answered. */
  revision: number | null;
}

export interface Settled {
  sheetId: number;
  row: number;
  column: number;
}

export class Pending {
  readonly #waiting = new Set<Ahead>();
  readonly #covered = new Map<string, { count: number; text: string }>();

  get size(): number {
    return this.#waiting.size;
  }

  add(sheetId: number, entries: readonly Entry[]): Ahead {
    const ahead = { sheetId, entries, revision: null };
    this.#waiting.add(ahead);
    for (const { row, column, text } of entries) {
      const key = keyOf(sheetId, row, column);
      const count = (this.#covered.get(key)?.count ?? 0) + 1;
      this.#covered.set(key, { count, text });
    }
    return ahead;
  }

  /** Whether the grid shows something newer in a cell than the server knows. */
  covers(sheetId: number, row: number, column: number): boolean {
    return this.#covered.size > 0 && this.#covered.has(keyOf(sheetId, row, column));
  }

  /** What was typed last into a cell that is ahead. */
  text(sheetId: number, row: number, column: number): string | undefined {
    return this.#covered.get(keyOf(sheetId, row, column))?.text;
  }

  answered(ahead: Ahead, revision: number): void {
    ahead.revision = revision;
  }

  /** It will never be part of the workbook; answers the cells to be shown as they are. */
  drop(ahead: Ahead): Settled[] {
    if (!this.#waiting.delete(ahead)) return [];
    const settled: Settled[] = [];
    for (const { row, column } of ahead.entries) {
      const key = keyOf(ahead.sheetId, row, column);
      const covered = this.#covered.get(key);
      if (covered === undefined) continue;
      covered.count -= 1;
      if (covered.count > 0) continue;
      this.#covered.delete(key);
      settled.push({ sheetId: ahead.sheetId, row, column });
    }
    return settled;
  }

  /** The workbook is at a revision: what it has is ahead no more. */
  reached(revision: number): Settled[] {
    return [...this.#waiting]
      .filter((ahead) => ahead.revision !== null && ahead.revision <= revision)
      .flatMap((ahead) => this.drop(ahead));
  }
}

export type { Ahead };

function keyOf(sheetId: number, row: number, column: number): string {
  return `${String(sheetId)}:${String(row)}:${String(column)}`;
}
