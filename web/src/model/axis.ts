/**
 * The rows or the columns of a tab in their order: ids that never change, and where each stands.
 *
 * Decided here: how an id is found again after others moved lines. Decided elsewhere: what stands
 * in a line (`tab.ts`).
 */

import type { Span } from "../protocol/messages";

export function spread(spans: Iterable<Span>): number[] {
  const ids: number[] = [];
  for (const [first, count] of spans) {
    for (let id = first; id < first + count; id += 1) ids.push(id);
  }
  return ids;
}

export class Axis {
  #ids: number[];
  #places: Map<number, number> | null = null;

  constructor(ids: number[]) {
    this.#ids = ids;
  }

  get count(): number {
    return this.#ids.length;
  }

  get ids(): readonly number[] {
    return this.#ids;
  }

  /** The id at a place, undefined beyond the end. */
  idAt(place: number): number | undefined {
    return this.#ids[place];
  }

  /** Where a line stands, undefined if it isn't there any more. */
  placeOf(id: number): number | undefined {
    if (this.#places === null) {
      this.#places = new Map();
      let place = 0;
      for (const known of this.#ids) {
        this.#places.set(known, place);
        place += 1;
      }
    }
    return this.#places.get(id);
  }

  /** At a place, so many lines go and these come instead; answers those that went. */
  splice(at: number, removed: number, inserted: readonly number[]): number[] {
    const gone = this.#ids.slice(at, at + removed);
    // Not Array.splice: its arguments are limited, and a tab may have a million rows.
    this.#ids = [...this.#ids.slice(0, at), ...inserted, ...this.#ids.slice(at + removed)];
    this.#places = null;
    return gone;
  }
}
