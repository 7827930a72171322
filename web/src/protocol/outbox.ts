/**
 * What this page writes, one batch after the other, each applied once whatever happens on the way.
 *
 * Decided here: the order, the headers, when a batch is sent again under its name (no answer), and
 * when it is made anew under another one (409: somebody was first). A batch is made when the
 * workbook shows the one before: only then is it known what it replaces, which undo needs. Decided
 * elsewhere: what a write says on a given state of the workbook (`rebase/`).
 */

import { NoAnswer, Refused } from "./http";
import type { Changes } from "./messages";

/** A request of the Sheets API, with indexes that stand on the workbook's present cursor. */
export interface Call {
  method: string;
  body: unknown;
  /** Refuse it if any of the cells was changed meanwhile. */
  untouched?: boolean;
}

/** Something to be written. `Answer` is the API's own. */
export interface Write {
  /** The request as of now, with all that was answered before; null if nothing is left to write. */
  compose(): Call | null;
  /** The server has it, as the batch of that name and revision. */
  done(revision: number, answer: unknown): void;
  /** It will not be written. */
  refused(why: string): void;
}

export interface Headers {
  base: string;
  batch: string;
  untouched: boolean;
}

export interface Wire {
  /** Send it; throws `Refused` or `NoAnswer`. */
  send(call: Call, headers: Headers): Promise<{ revision: number; answer: unknown }>;
  cursor(): string;
  /** Changes that a refusal brought along. */
  apply(changes: Changes): void;
  snapshot(): Promise<void>;
  /** Until the workbook is at least at that revision. */
  reached(revision: number): Promise<void>;
  pause(attempt: number): Promise<void>;
  /** How many writes are on their way, for those who watch. */
  waiting(count: number): void;
}

interface Conflict {
  reason?: string;
  changes?: Changes;
}

export class Outbox {
  readonly #wire: Wire;
  readonly #queue: Write[] = [];
  #busy = false;
  #named = 0;
  #answered = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get count(): number {
    return this.#queue.length;
  }

  add(write: Write): void {
    this.#queue.push(write);
    this.#wire.waiting(this.#queue.length);
    if (!this.#busy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    for (let write = this.#queue[0]; write !== undefined; write = this.#queue[0]) {
      try {
        await this.#deliver(write);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        write.refused(error.message);
      }
      this.#queue.shift();
      this.#wire.waiting(this.#queue.length);
    }
    this.#busy = false;
  }

  async #deliver(write: Write): Promise<void> {
    for (;;) {
      await this.#wire.reached(this.#answered);
      const call = write.compose();
      if (call === null) return;
      this.#named += 1;
      const headers = {
        base: this.#wire.cursor(),
        batch: String(this.#named),
        untouched: call.untouched ?? false,
      };
      const found = await this.#sendOnce(call, headers);
      if (found !== null) {
        this.#answered = found.revision;
        write.done(found.revision, found.answer);
        return;
      }
    }
  }

  /** Null: it stood on an older state; the workbook is newer now. */
  async #sendOnce(
    call: Call,
    headers: Headers,
  ): Promise<{ revision: number; answer: unknown } | null> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#wire.send(call, headers);
      } catch (error) {
        if (error instanceof NoAnswer) {
          await this.#wire.pause(attempt);
          continue;
        }
        if (!(error instanceof Refused) || error.code !== 409) throw error;
        const conflict = (error.details[0] ?? {}) as Conflict;
        if (conflict.changes !== undefined) this.#wire.apply(conflict.changes);
        else await this.#wire.snapshot();
        return null;
      }
    }
  }
}
