/** Edits as requests: rectangles, moves, and what is left when lines are gone. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Workbook } from "../src/model/workbook";
import { callFor, rectangles } from "../src/rebase/calls";
import { runsOf } from "../src/rebase/requests";
import { inPieces } from "../src/rebase/pieces";
import { head, SHEET, SmallServer, tabOf } from "./workbooks";

describe("rectangles", () => {
  it("hold exactly the cells that were entered", () => {
    const cells = fc.dictionary(fc.tuple(fc.nat(6), fc.nat(6)).map(String), fc.string());
    fc.assert(
      fc.property(cells, (given) => {
        const rows = new Map<number, Map<number, string>>();
        for (const [place, text] of Object.entries(given)) {
          const [down = 0, right = 0] = place.split(",").map(Number);
          rows.set(down, (rows.get(down) ?? new Map<number, string>()).set(right, text));
        }
        const found = new Map<string, string>();
        for (const { range, values } of rectangles(rows)) {
          expect(values.length).toBe(range.endRowIndex - range.startRowIndex);
          for (const [down, line] of values.entries()) {
            expect(line.length).toBe(range.endColumnIndex - range.startColumnIndex);
            for (const [right, text] of line.entries()) {
              const place = [range.startRowIndex + down, range.startColumnIndex + right].join();
              expect(found.has(place)).toBe(false);
              found.set(place, text);
            }
          }
        }
        expect(Object.fromEntries(found)).toEqual(given);
      }),
    );
  });

  it("of a block are one", () => {
    const rows = new Map([4, 5, 6].map((down) => [down, new Map([[1, "a"], [2, "b"]])]));
    expect(rectangles(rows)).toHaveLength(1);
  });
});

describe("a move", () => {
  it("brings the lines before their anchor, in their order, and leaves the others in theirs", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 5 }),
        fc.option(fc.nat(7), { nil: null }),
        (lines, before) => {
          const workbook = new Workbook(head(8));
          const server = new SmallServer(8);
          const edit = { kind: "move", sheetId: SHEET, dimension: "ROWS", lines, before } as const;
          const call = callFor([edit], workbook);
          if (call === null) return;
          server.handle("a", call, { base: workbook.cursor, batch: "1", untouched: false });
          const moving = [...lines].sort((one, other) => one - other);
          const others = [0, 1, 2, 3, 4, 5, 6, 7].filter((id) => !lines.includes(id));
          const at = before === null ? others.length : others.filter((id) => id < before).length;
          const order = [...others.slice(0, at), ...moving, ...others.slice(at)];
          const ids = [0, 1, 2, 3, 4, 5, 6, 7];
          for (const effect of server.since(0).effects) {
            if (effect.type !== "lines") continue;
            const came = effect.inserted.flatMap(([first, count]) =>
              Array.from({ length: count }, (_, nth) => first + nth),
            );
            ids.splice(effect.at, effect.removed, ...came);
          }
          expect(ids).toEqual(order);
        },
      ),
    );
  });
});

describe("an edit whose lines are gone", () => {
  it("is left with the cells that are still there, or with nothing", () => {
    const workbook = new Workbook(head(3));
    tabOf(workbook).rows.splice(1, 1, []);
    const gone = { row: 1, column: 0, text: "lost" };
    const edit = { kind: "enter", sheetId: SHEET, entries: [gone] } as const;
    expect(callFor([{ ...edit, entries: [gone] }], workbook)).toBeNull();
    const kept = { row: 2, column: 0, text: "kept" };
    expect(callFor([{ ...edit, entries: [gone, kept] }], workbook)?.body).toMatchObject({
      data: [{ dataFilter: { gridRange: { startRowIndex: 1, endRowIndex: 2 } } }],
    });
  });
});

describe("runs", () => {
  it("cover each place once", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), (places) => {
        const covered = runsOf(places).flatMap(({ start, count }) =>
          Array.from({ length: count }, (_, at) => start + at),
        );
        expect(covered).toEqual([...new Set(places)].sort((one, other) => one - other));
      }),
    );
  });
});

describe("a large paste", () => {
  it("goes in pieces of less than two megabytes that are the whole together", () => {
    const entries = Array.from({ length: 5_000 }, (_, row) => {
      return { row, column: 0, text: "x".repeat(1_000) };
    });
    const pieces = inPieces({ kind: "enter", sheetId: SHEET, entries });
    expect(pieces.length).toBeGreaterThan(2);
    const texts = pieces.flatMap((piece) => (piece.kind === "enter" ? piece.entries : []));
    expect(texts).toEqual(entries);
    for (const piece of pieces) expect(JSON.stringify(piece).length).toBeLessThan(2_100_000);
  });
});
