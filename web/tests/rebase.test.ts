/**
 * The promise of the grid: three pages edit at once, over a bad network, and all end with what the
 * server has; nobody's keystroke is lost; undo never destroys what somebody else wrote.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { applyChanges } from "../src/model/changes";
import { Workbook } from "../src/model/workbook";
import { NoAnswer } from "../src/protocol/http";
import { Outbox } from "../src/protocol/outbox";
import type { Edit } from "../src/rebase/edits";
import { type Ahead, Pending } from "../src/rebase/pending";
import { reversal, type Step } from "../src/rebase/undo";
import { EditWrite } from "../src/rebase/writes";
import { head, SHEET, SmallServer, table, tabOf } from "./workbooks";

/** A page without a screen: `screen` is what its grid would show ahead of the server. */
class Page {
  readonly workbook = new Workbook(head());
  readonly pending = new Pending();
  readonly screen = new Map<string, string>();
  readonly steps: Step[] = [];
  readonly #name: string;
  readonly #server: SmallServer;
  readonly #luck: () => number;
  readonly #outbox: Outbox;
  #tries = 0;

  constructor(name: string, server: SmallServer, luck: () => number) {
    this.#name = name;
    this.#server = server;
    this.#luck = luck;
    this.#outbox = new Outbox({
      send: async (call, headers) => {
        await Promise.resolve();
        const patience = (this.#tries += 1) % 4 !== 0; // no network is down for ever
        if (patience && luck() > 0.8) throw new NoAnswer("lost on the way there");
        const found = server.handle(name, call, headers);
        if (patience && luck() > 0.8) throw new NoAnswer("lost on the way back");
        return found;
      },
      cursor: () => this.workbook.cursor,
      apply: (changes) => {
        applyChanges(this.workbook, changes);
        this.#settle();
      },
      snapshot: () => Promise.reject(new Error("never asked for here")),
      reached: async (revision) => {
        while (this.workbook.revision < revision) {
          this.listen();
          await Promise.resolve();
        }
      },
      pause: () => Promise.resolve(),
      waiting: () => undefined,
    });
  }

  get idle(): boolean {
    return this.#outbox.count === 0;
  }

  /** The feed tells everything since the page's revision, or (it is late) nothing. */
  listen(): void {
    applyChanges(this.workbook, this.#server.since(this.workbook.revision));
    this.#settle();
  }

  perform(edit: Edit): void {
    let ahead: Ahead | null = null;
    if (edit.kind === "enter") {
      ahead = this.pending.add(edit.sheetId, edit.entries);
      for (const { row, column, text } of edit.entries) {
        this.screen.set(`${String(row)}:${String(column)}`, text);
      }
    }
    this.#write(() => [edit], ahead, false);
  }

  undo(): void {
    const steps = this.steps.splice(-1);
    const edits = (): Edit[] => steps.flatMap((step) => reversal(step, this.workbook).edits);
    this.#write(edits, null, true, { undoing: true });
  }

  #write(
    edits: () => Edit[],
    ahead: Ahead | null,
    untouched: boolean,
    { undoing = false } = {},
  ): void {
    const events = {
      done: ({ steps, revision }: { steps: Step[]; revision: number }): void => {
        if (!undoing) this.steps.push(...steps);
        if (ahead !== null) this.pending.answered(ahead, revision);
        this.#settle();
      },
      refused: (): void => {
        if (ahead !== null) this.pending.drop(ahead);
      },
    };
    this.#outbox.add(new EditWrite(() => this.workbook, edits, events, { untouched }));
  }

  #settle(): void {
    for (const { row, column } of this.pending.reached(this.workbook.revision)) {
      this.screen.delete(`${String(row)}:${String(column)}`);
    }
  }

  luck(): number {
    return this.#luck();
  }

  get name(): string {
    return this.#name;
  }
}

function luckOf(stream: Iterator<number, number>): () => number {
  return () => stream.next().value;
}

const gesture = fc.record({
  page: fc.nat(2),
  kind: fc.constantFrom("enter", "enter", "enter", "insert", "delete", "move", "undo", "listen"),
  row: fc.nat(9),
  column: fc.nat(3),
  target: fc.nat(9),
  count: fc.integer({ min: 1, max: 2 }),
});

function act(page: Page, given: { kind: string; row: number; column: number; target: number; count: number }, text: string): void {
  const tab = tabOf(page.workbook);
  const rows = tab.rows.ids;
  const row = rows[given.row % rows.length] ?? 0;
  const column = tab.columns.ids[given.column] ?? 0;
  const target = rows[given.target % (rows.length + 1)] ?? null;
  const common = { sheetId: SHEET, dimension: "ROWS" } as const;
  switch (given.kind) {
    case "enter":
      page.perform({ kind: "enter", sheetId: SHEET, entries: [{ row, column, text }] });
      break;
    case "insert":
      page.perform({ ...common, kind: "insert", before: target, count: given.count, inherit: false });
      break;
    case "delete":
      if (rows.length > 4) page.perform({ ...common, kind: "delete", lines: [row] });
      break;
    case "move":
      page.perform({ ...common, kind: "move", lines: [row], before: target });
      break;
    case "undo":
      page.undo();
      break;
    default:
      page.listen();
  }
}

describe("three pages at once", () => {
  it("end with what the server has, whatever gets lost on the way", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(gesture, { maxLength: 30 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (gestures, stream) => {
          const server = new SmallServer();
          const luck = luckOf(stream);
          const pages = ["a", "b", "c"].map((name) => new Page(name, server, luck));
          for (const [nth, one] of gestures.entries()) {
            const page = pages[one.page];
            if (page === undefined) continue;
            act(page, one, `${page.name}${String(nth)}`);
            if (luck() < 0.5) await Promise.resolve();
          }
          for (let turn = 0; turn < 20_000 && pages.some((page) => !page.idle); turn += 1) {
            await Promise.resolve();
          }
          for (const page of pages) {
            page.listen();
            expect(page.idle).toBe(true);
            expect(page.pending.size).toBe(0);
            expect(page.screen.size).toBe(0);
            expect(table(page.workbook)).toEqual(server.table());
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("applies each batch once, and none is lost", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(2), fc.nat(5), fc.nat(3)), { maxLength: 25 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (entries, stream) => {
          const server = new SmallServer();
          const pages = ["a", "b", "c"].map((name) => new Page(name, server, luckOf(stream)));
          for (const [nth, [at, row, column]] of entries.entries()) {
            pages[at]?.perform({
              kind: "enter",
              sheetId: SHEET,
              entries: [{ row, column, text: String(nth) }],
            });
          }
          for (let turn = 0; turn < 20_000 && pages.some((page) => !page.idle); turn += 1) {
            await Promise.resolve();
          }
          const written = server.log.flatMap((entry) =>
            Object.values(entry.cells).flatMap((line) => Object.values(line).map((cell) => cell?.v)),
          );
          expect(written.map(Number).sort((one, other) => one - other)).toEqual(
            entries.map((_, nth) => nth),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("undo", () => {
  it("takes fast entries back one by one, though the feed is late", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(1), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (columns, stream) => {
          const server = new SmallServer();
          const page = new Page("me", server, luckOf(stream));
          const tables = [server.table()];
          const finish = async (): Promise<void> => {
            for (let turn = 0; turn < 5_000 && !page.idle; turn += 1) await Promise.resolve();
          };
          for (const [nth, column] of columns.entries()) {
            const entries = [{ row: 2, column, text: String(nth) }];
            page.perform({ kind: "enter", sheetId: SHEET, entries });
            await finish();
            tables.push(server.table());
          }
          for (const before of tables.slice(0, -1).reverse()) {
            page.undo();
            await finish();
            expect(server.table()).toEqual(before);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("never takes away what another page wrote", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ mine: fc.boolean(), column: fc.nat(3), undo: fc.boolean() }), {
          maxLength: 25,
        }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (turns, stream) => {
          const server = new SmallServer();
          const me = new Page("me", server, luckOf(stream));
          const other = new Page("other", server, luckOf(stream));
          for (const [nth, { mine, column, undo }] of turns.entries()) {
            const page = mine ? me : other;
            const text = `${page.name}${String(nth)}`;
            if (mine && undo) me.undo();
            else page.perform({ kind: "enter", sheetId: SHEET, entries: [{ row: 2, column, text }] });
            const idle = (): boolean => me.idle && other.idle;
            for (let turn = 0; turn < 5_000 && !idle(); turn += 1) await Promise.resolve();
            if (mine && undo) {
              // What the other page wrote last into a cell still stands there, if nothing came after.
              const last = new Map<string, { client: string; value: unknown }>();
              for (const entry of server.log.slice(0, -1)) {
                for (const [at, cell] of Object.entries(entry.cells["2"] ?? {})) {
                  last.set(at, { client: entry.client, value: cell?.v });
                }
              }
              const undone = server.log.at(-1);
              if (undone?.client !== "me") continue;
              for (const at of Object.keys(undone.cells["2"] ?? {})) {
                expect(last.get(at)?.client).not.toBe("other");
              }
            }
            if (mine && luckOf(stream)() < 0.5) me.listen();
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
