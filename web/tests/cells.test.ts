/** Cells and looks on their way into Univer and out of it. */

import { CellValueType } from "@univerjs/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { editText } from "../src/model/tab";
import type { Cell } from "../src/protocol/messages";
import { editTextOf, enteredText, univerCell } from "../src/univer/cells";
import { fitted } from "../src/univer/fitting";
import { color, formatOf, hex, styleOf } from "../src/univer/styles";

const cell: fc.Arbitrary<Cell> = fc.record(
  {
    v: fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
    f: fc.string().map((text) => `=${text}`),
    i: fc.string(),
    t: fc.string(),
  },
  { requiredKeys: [] },
);

describe("a cell", () => {
  it("is edited as the workbook says, after it went through the grid", () => {
    fc.assert(
      fc.property(cell, (given) => {
        expect(editTextOf(univerCell(given))).toBe(editText(given));
      }),
    );
  });

  it("that is copied is entered as its editor would show it", () => {
    fc.assert(
      fc.property(cell, (given) => {
        expect(enteredText(univerCell(given))).toBe(editText(given));
      }),
    );
  });

  it.each([
    [{ v: 46348, t: CellValueType.NUMBER, s: { n: { pattern: "yyyy-mm-dd" } } }, "2026-11-22"],
    [{ v: 0.125, t: CellValueType.NUMBER, s: { n: { pattern: "0%" } } }, "12.5%"],
    [{ v: 0.000012345, t: CellValueType.NUMBER, s: { n: { pattern: "0.00E+00" } } }, "0.000012345"],
    [{ v: "0042", t: CellValueType.FORCE_STRING }, "'0042"],
  ])("pasted from another program is entered as it was written: %j", (given, text) => {
    expect(enteredText(given)).toBe(text);
  });
});

describe("a number in a narrow column", () => {
  it("keeps its size, whatever digits it loses, or is not shown at all", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
        fc.integer({ min: 8, max: 200 }),
        (value, width) => {
          const text = fitted(value, String(value), width);
          if (text.startsWith("#")) return;
          expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) / 2);
        },
      ),
    );
  });

  it("loses the digits that matter least", () => {
    expect(fitted(0.0001440686492, "0.0001440686492", 110)).toBe("0.000144068649");
    expect(fitted(1234.5678, "1234.5678", 60)).toBe("1234.57");
    expect(fitted(123456789, "123456789", 50)).toBe("1.2e+8");
  });
});

describe("a look", () => {
  it("comes back from Univer as it went there", () => {
    const format = {
      backgroundColor: { red: 1, green: 0.6, blue: 0 },
      horizontalAlignment: "CENTER",
      wrapStrategy: "WRAP",
      textFormat: { bold: true, italic: true, foregroundColor: { red: 0, green: 0.2, blue: 1 } },
    };
    const { format: back, fields } = formatOf(styleOf(format));
    expect(back).toEqual(format);
    expect(fields).toContain("userEnteredFormat.textFormat.bold");
  });

  it("has colours that survive the way to CSS", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.nat(255), (red, green, blue) => {
        const given = { red: red / 255, green: green / 255, blue: blue / 255 };
        expect(color(hex(given))).toEqual(given);
      }),
    );
  });
});
