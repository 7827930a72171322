/**
 * One page's life with one workbook: snapshot, feed, writes.
 *
 * Decided here: who is told what, and when. It knows neither Univer nor the page: what shows the
 * workbook is a `View`. Decided elsewhere: what a person did, and undo (`gestures.ts`), every rule
 * (`model/`, `rebase/`), every message on the wire (`protocol/`).
 */

import { Gestures } from "./gestures";
import { applyChanges, type Happening } from "./model/changes";
import { assemble, CutOffError, type Workbook } from "./model/workbook";
import { Feed } from "./protocol/feed";
import { bodyOf, NoAnswer, Refused, request, type Server } from "./protocol/http";
import type { Changes, SnapshotLine } from "./protocol/messages";
import { type Call, type Headers, Outbox } from "./protocol/outbox";
import { snapshotLines } from "./protocol/snapshot";
import { Pending, type Settled } from "./rebase/pending";

export interface View {
  /** Until nobody is typing: an editor that is open doesn't outlive a workbook from the beginning. */
  free(): Promise<void>;
  /** A workbook from the beginning: the first one, or one that can't be reached by changes. */
  show(workbook: Workbook): void;
  /** When the first workbook stands on the screen, or would if somebody saw the page. */
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

const LONGEST_PAUSE = 5_000;
const SOON = 300; // ms

export class Session {
  readonly pending = new Pending();
  readonly gestures: Gestures;
  readonly #server: Server;
  readonly #view: View;
  readonly #watcher: Watcher;
  readonly #client = crypto.getRandomValues(new Uint32Array(4)).join("-");
  readonly #feed: Feed;
  readonly #outbox: Outbox;
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
  author = "";

  constructor(server: Server, view: View, watcher: Watcher) {
    this.#server = server;
    this.#view = view;
    this.#watcher = watcher;
    this.gestures = new Gestures(
      {
        workbook: () => this.workbook,
        send: (write) => {
          this.#outbox.add(write);
        },
        reached: (revision) => this.#reached(revision),
        settle: (cells) => {
          view.settle(cells);
        },
        notice: (sentence) => {
          watcher.notice(sentence);
        },
      },
      this.pending,
    );
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

  #take(message: Changes): void {
    const { outcome, happenings } = applyChanges(this.workbook, message);
    if (outcome === "missing") {
      this.#feed.resume();
      return;
    }
    if (outcome === "old") return;
    this.gestures.linesCame(message.effects);
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
            await this.#view.drawn;
            await idle(); // the first keys go first
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

/** When nothing else is to be done, or soon; not every browser says when. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (!("requestIdleCallback" in globalThis)) setTimeout(resolve, SOON);
    else requestIdleCallback(() => { resolve(); }, { timeout: SOON });
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
