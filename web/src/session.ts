/**
 * One page's life with one workbook: snapshot, feed, edits, undo.
 *
 * Decided here: who is told what, and when. It knows neither Univer nor the page: what shows the
 * workbook is a `View`. Decided elsewhere: every rule (`model/`, `rebase/`), every message on the
 * wire (`protocol/`).
 */

import { applyChanges, type Happening } from "./model/changes";
import type { Tab } from "./model/tab";
import { assemble, CutOffError, type Workbook } from "./model/workbook";
import { Feed } from "./protocol/feed";
import { bodyOf, NoAnswer, Refused, request, type Server } from "./protocol/http";
import type { Changes, Dimension, SnapshotLine } from "./protocol/messages";
import { type Call, type Headers, Outbox } from "./protocol/outbox";
import { snapshotLines } from "./protocol/snapshot";
import { inPieces } from "./rebase/pieces";
import type { Edit } from "./rebase/edits";
import { type Ahead, Pending, type Settled } from "./rebase/pending";
import { reversal, type Step } from "./rebase/undo";
import { EditWrite, type Outcome } from "./rebase/writes";

export interface View {
  /** Until nobody is typing: an editor that is open doesn't outlive a workbook from the beginning. */
  free(): Promise<void>;
  /** A workbook from the beginning: the first one, or one that can't be reached by changes. */
  show(workbook: Workbook): void;
  /** When the first workbook stands on the screen. */
  readonly drawn: Promise<void>;
  /** Rows of the workbook shown that had not arrived when it was. */
  arrived(sheetId: number, rows: readonly number[]): void;
  /** All of it has arrived. */
  whole(): void;
  happened(happenings: readonly Happening[]): void;
  /** These cells are ahead no more: show them as the workbook has them. */
  settle(cells: readonly Settled[]): void;
}

export type Connection = "loading" | "live" | "lost" | "gone" | "shut";

export interface Watcher {
  connection(state: Connection, why: string): void;
  waiting(writes: number): void;
  notice(sentence: string): void;
  workbookChanged(): void;
}

/** What one gesture did; it is undone as one. */
interface Gesture {
  steps: Step[];
}

const LONGEST_PAUSE = 5_000;
const UNSEEN = 2_000; // ms: a page that nobody sees draws nothing

export class Session {
  readonly pending = new Pending();
  readonly #server: Server;
  readonly #view: View;
  readonly #watcher: Watcher;
  readonly #client = crypto.getRandomValues(new Uint32Array(4)).join("-");
  readonly #feed: Feed;
  readonly #outbox: Outbox;
  readonly #undo: Gesture[] = [];
  #redo: Gesture[] = [];
  #workbook: Workbook | null = null;
  #connection: Connection = "loading";
  #why = "";
  /** A write waits for an answer again and again, whatever the feed says. */
  #unanswered = false;
  #reloading: Promise<void> | null = null;
  readonly #shown = once();
  /** What is written has to wait for all that it may replace: undo needs it. */
  readonly #whole = once();
  /** One that was asked for before anybody could read it. */
  #snapshot: AsyncIterable<SnapshotLine> | null = null;
  #awaited: { revision: number; resolve: () => void }[] = [];
  /** Which lines came in the latest revisions: an insert learns its ids from it. */
  readonly #came = new Map<number, number[]>();
  author = "";

  constructor(server: Server, view: View, watcher: Watcher) {
    this.#server = server;
    this.#view = view;
    this.#watcher = watcher;
    this.#feed = new Feed(
      (cursor) => {
        const address = new URL(server.live("feed", [["cursor", cursor]]), location.href);
        address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
        return address.href;
      },
      {
        cursor: () => this.workbook.cursor,
        connected: () => {
          this.#tell("live", "");
        },
        lost: () => {
          this.#tell("lost", "");
        },
        changes: (message) => {
          this.#take(message);
        },
        snapshotNeeded: () => void this.#reload(),
        gone: (why) => {
          this.#tell("gone", why);
        },
      },
    );
    this.#outbox = new Outbox({
      send: (call, headers) => this.#send(call, headers),
      cursor: () => this.workbook.cursor,
      apply: (changes) => {
        this.#take(changes);
      },
      snapshot: () => this.#reload(),
      reached: async (revision) => {
        await this.#whole.done;
        await this.#reached(revision);
      },
      pause: (attempt) => {
        this.#unanswered = true;
        this.#watcher.connection("lost", "");
        return patience(attempt);
      },
      waiting: (count) => {
        watcher.waiting(count);
      },
    });
  }

  get workbook(): Workbook {
    if (this.#workbook === null) throw new Error("The workbook isn't loaded yet.");
    return this.#workbook;
  }

  get loaded(): boolean {
    return this.#workbook !== null;
  }

  /** A workbook from the beginning is on its way; its first rows may be there. */
  get loading(): boolean {
    return this.#reloading !== null;
  }

  /** How many writes haven't been answered. */
  get writing(): number {
    return this.#outbox.count;
  }

  /**
   * Load and follow, for as long as the page is open; the first snapshot is on its way already.
   * Resolves when there is something to see, or nothing ever.
   */
  start(snapshot: AsyncIterable<SnapshotLine>): Promise<void> {
    this.#tell("loading", "");
    this.#snapshot = snapshot;
    void this.#reload().then(() => {
      this.#shown.resolve();
    });
    return this.#shown.done;
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
      const ahead = this.pending.add(edit.sheetId, edit.entries);
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
          void this.#reached(revision).then(() => {
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
    const { edits, left } = reversal(step, this.workbook);
    if (left > 0) {
      const what = left === 1 ? "One cell or line was" : `${String(left)} cells or lines were`;
      this.#watcher.notice(`${what} changed by somebody else meanwhile, so ${word} left it alone.`);
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
      () => this.workbook,
      edits,
      {
        done: (outcome) => {
          this.#learn(gesture, outcome);
          settled(outcome.revision);
          if (ahead !== null) {
            this.pending.answered(ahead, outcome.revision);
            this.#view.settle(this.pending.reached(this.workbook.revision));
          }
        },
        refused: (why) => {
          if (ahead !== null) this.#view.settle(this.pending.drop(ahead));
          this.#watcher.notice(why);
          settled(null);
        },
      },
      how,
    );
    this.#outbox.add(write);
  }

  #learn(gesture: Gesture, { steps, revision }: Outcome): void {
    gesture.steps.push(...steps);
    for (const step of steps) {
      if (step.kind !== "inserted") continue;
      void this.#reached(revision).then(() => {
        step.lines = this.#came.get(revision) ?? [];
      });
    }
  }

  #take(message: Changes): void {
    const { outcome, happenings } = applyChanges(this.workbook, message);
    if (outcome === "missing") {
      this.#feed.resume();
      return;
    }
    if (outcome === "old") return;
    for (const effect of message.effects) {
      if (effect.type !== "lines") continue;
      const came = effect.inserted.flatMap(([first, count]) =>
        Array.from({ length: count }, (_, at) => first + at),
      );
      this.#came.set(effect.revision, [...(this.#came.get(effect.revision) ?? []), ...came]);
    }
    for (const known of this.#came.keys()) {
      if (this.#came.size <= 500) break;
      this.#came.delete(known);
    }
    this.#view.happened(happenings);
    this.#moved();
  }

  /** The workbook is at another revision. */
  #moved(): void {
    const { revision } = this.workbook;
    this.#view.settle(this.pending.reached(revision));
    const due = this.#awaited.filter((one) => one.revision <= revision);
    this.#awaited = this.#awaited.filter((one) => one.revision > revision);
    for (const { resolve } of due) resolve();
    this.#watcher.workbookChanged();
  }

  #reached(revision: number): Promise<void> {
    if (this.workbook.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => {
      this.#awaited.push({ revision, resolve });
    });
  }

  #tell(connection: Connection, why: string): void {
    this.#connection = connection;
    this.#why = why;
    if (connection === "live" && this.#unanswered) return;
    this.#watcher.connection(connection, why);
  }

  #reload(): Promise<void> {
    return (this.#reloading ??= this.#load().finally(() => {
      this.#reloading = null;
    }));
  }

  async #load(): Promise<void> {
    this.#feed.stop();
    for (let attempt = 0; ; attempt += 1) {
      try {
        const lines = this.#snapshot ?? snapshotLines(this.#server.live("snapshot"));
        this.#snapshot = null;
        const growing = this.#workbook === null; // else what is there stays until all of it is
        const workbook = await assemble(lines, async (part, sheetId, rows) => {
          if (!growing) return;
          if (this.#workbook === null) {
            this.#show(part);
            await Promise.race([this.#view.drawn, pause(UNSEEN)]);
          } else this.#view.arrived(sheetId, rows);
          await pause(0); // for the keys of whoever types already
        });
        if (workbook !== this.#workbook) {
          await this.#view.free();
          this.#show(workbook);
        } else this.#view.whole();
        break;
      } catch (error) {
        if (error instanceof Refused) {
          this.#tell("shut", error.message);
          return;
        }
        // A connection that breaks in the middle of an answer is a TypeError of fetch.
        const passes =
          error instanceof NoAnswer || error instanceof CutOffError || error instanceof TypeError;
        if (!passes) throw error;
        this.#tell("lost", "");
        await patience(attempt);
      }
    }
    this.#whole.resolve();
    this.#feed.resume();
  }

  #show(workbook: Workbook): void {
    this.#workbook = workbook;
    this.#view.show(workbook);
    this.#moved();
    this.#shown.resolve();
  }

  async #send(call: Call, headers: Headers): Promise<{ revision: number; answer: unknown }> {
    const found = await request(this.#server.spreadsheets(call.method), {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "Grid-Client": this.#client,
        "Grid-Batch": headers.batch,
        "Grid-Base": headers.base,
        ...(headers.untouched ? { "Grid-Untouched": "true" } : {}),
        ...(this.author ? { "Grid-Author": encodeURIComponent(this.author) } : {}),
      },
      body: JSON.stringify(call.body),
    });
    const answer = await bodyOf<unknown>(found);
    if (this.#unanswered) {
      this.#unanswered = false;
      this.#tell(this.#connection, this.#why);
    }
    return { revision: Number(found.headers.get("Grid-Revision")), answer };
  }
}

/** Something that happens once, and those who wait for it. */
function once(): { done: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const done = new Promise<void>((found) => {
    resolve = found;
  });
  return { done, resolve };
}

/** Before the next attempt. */
function patience(attempt: number): Promise<void> {
  return pause(Math.min(250 * 2 ** attempt, LONGEST_PAUSE));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
