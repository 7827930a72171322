/**
 * What a person did at this page, as writes, and how it is taken back.
 *
 * Decided here: that all edits of one gesture are undone as one, and that an undo is composed when
 * its turn comes, after all the writes before it. Decided elsewhere: what an edit asks for
 * (`rebase/writes.ts`) and what undoes it (`rebase/undo.ts`).
 */

import type { Tab } from "./model/tab";
import type { Workbook } from "./model/workbook";
import type { Dimension, Effect } from "./protocol/messages";
import type { Edit } from "./rebase/edits";
import type { Ahead, Pending, Settled } from "./rebase/pending";
import { inPieces } from "./rebase/pieces";
import { reversal, type Step } from "./rebase/undo";
import { EditWrite, type Outcome } from "./rebase/writes";

/** What gestures need of the session. */
export interface Surroundings {
  workbook(): Workbook;
  send(write: EditWrite): void;
  /** Resolves when the workbook has come to that revision. */
  reached(revision: number): Promise<void>;
  settle(cells: readonly Settled[]): void;
  notice(sentence: string): void;
}

/** What one gesture did; it is undone as one. */
interface Gesture {
  steps: Step[];
}

const REVISIONS = 500; // whose new lines are remembered

export class Gestures {
  readonly #session: Surroundings;
  readonly #pending: Pending;
  readonly #undo: Gesture[] = [];
  #redo: Gesture[] = [];
  /** Which lines came in the latest revisions: an insert learns its ids from it. */
  readonly #came = new Map<number, number[]>();

  constructor(session: Surroundings, pending: Pending) {
    this.#session = session;
    this.#pending = pending;
  }

  /** Do what a person did; all edits of one gesture are undone together. */
  perform(edits: readonly Edit[]): void {
    const gesture: Gesture = { steps: [] };
    this.#undo.push(gesture);
    this.#redo = [];
    for (const edit of edits.flatMap(inPieces)) {
      if (edit.kind !== "enter") {
        this.#write(gesture, () => [edit], null, { untouched: false });
        continue;
      }
      const ahead = this.#pending.add(edit.sheetId, edit.entries);
      this.#write(gesture, () => [edit], ahead, { untouched: false });
    }
  }

  /** Append lines; answers their ids, which are none if the server refused. */
  async grow(
    tab: Tab,
    growth: { rows: number; columns: number },
  ): Promise<{ rows: number[]; columns: number[] }> {
    const rows = await this.#append(tab, "ROWS", growth.rows);
    const columns = await this.#append(tab, "COLUMNS", growth.columns);
    return { rows, columns };
  }

  #append(tab: Tab, dimension: Dimension, count: number): Promise<number[]> {
    if (count === 0) return Promise.resolve([]);
    const { sheetId } = tab;
    const gesture: Gesture = { steps: [] };
    this.#undo.push(gesture);
    const edit: Edit = { kind: "insert", sheetId, dimension, before: null, count, inherit: true };
    return new Promise((resolve) => {
      const settled = (revision: number | null): void => {
        if (revision === null) resolve([]);
        else {
          void this.#session.reached(revision).then(() => {
            resolve(this.#came.get(revision) ?? []);
          });
        }
      };
      this.#write(gesture, () => [edit], null, { untouched: false }, settled);
    });
  }

  undo(): void {
    this.#turn(this.#undo, this.#redo, "undo");
  }

  redo(): void {
    this.#turn(this.#redo, this.#undo, "redo");
  }

  #turn(from: Gesture[], to: Gesture[], word: string): void {
    const gesture = from.pop();
    if (gesture === undefined) return;
    const turned: Gesture = { steps: [] };
    to.push(turned);
    let steps: Step[] | null = null;
    const edits = (): Edit[] => {
      // Its steps are known by now: this write's turn comes after all of that gesture's.
      if (steps === null) {
        steps = gesture.steps.splice(0).reverse();
        for (const step of steps.slice(1)) {
          this.#write(turned, () => this.#reversed(step, word), null, { untouched: true });
        }
      }
      const [first] = steps;
      return first === undefined ? [] : this.#reversed(first, word);
    };
    this.#write(turned, edits, null, { untouched: true });
  }

  #reversed(step: Step, word: string): Edit[] {
    const { edits, left } = reversal(step, this.#session.workbook());
    if (left > 0) {
      const what = left === 1 ? "One cell or line was" : `${String(left)} cells or lines were`;
      this.#session.notice(`${what} changed by somebody else meanwhile, so ${word} left it alone.`);
    }
    return edits;
  }

  #write(
    gesture: Gesture,
    edits: () => Edit[],
    ahead: Ahead | null,
    how: { untouched: boolean },
    settled: (revision: number | null) => void = () => undefined,
  ): void {
    const write = new EditWrite(
      () => this.#session.workbook(),
      edits,
      {
        done: (outcome) => {
          this.#learn(gesture, outcome);
          settled(outcome.revision);
          if (ahead !== null) {
            this.#pending.answered(ahead, outcome.revision);
            this.#session.settle(this.#pending.reached(this.#session.workbook().revision));
          }
        },
        refused: (why) => {
          if (ahead !== null) this.#session.settle(this.#pending.drop(ahead));
          this.#session.notice(why);
          settled(null);
        },
      },
      how,
    );
    this.#session.send(write);
  }

  #learn(gesture: Gesture, { steps, revision }: Outcome): void {
    gesture.steps.push(...steps);
    for (const step of steps) {
      if (step.kind !== "inserted") continue;
      void this.#session.reached(revision).then(() => {
        step.lines = this.#came.get(revision) ?? [];
      });
    }
  }

  /** What the feed says of new lines. */
  linesCame(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type !== "lines") continue;
      const came = effect.inserted.flatMap(([first, count]) =>
        Array.from({ length: count }, (_, at) => first + at),
      );
      this.#came.set(effect.revision, [...(this.#came.get(effect.revision) ?? []), ...came]);
    }
    for (const known of this.#came.keys()) {
      if (this.#came.size <= REVISIONS) break;
      this.#came.delete(known);
    }
  }
}
