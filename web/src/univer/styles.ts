/**
 * The API's `CellFormat` as Univer's style, and back. Pure.
 *
 * Decided elsewhere: which style a cell has (the server), how numbers are shown (the server, too).
 */

import {
  BooleanNumber,
  BorderStyleTypes,
  HorizontalAlign,
  type IBorderData,
  type IStyleData,
  VerticalAlign,
  WrapStrategy,
} from "@univerjs/core";

import type { CellFormat, Color } from "../protocol/messages";

/** Ten points: a line of it is as high as a row. */
export const DEFAULT_STYLE: IStyleData = { ff: "Arial", fs: 10 };

const HORIZONTAL: Record<string, HorizontalAlign> = {
  LEFT: HorizontalAlign.LEFT,
  CENTER: HorizontalAlign.CENTER,
  RIGHT: HorizontalAlign.RIGHT,
};
const VERTICAL: Record<string, VerticalAlign> = {
  TOP: VerticalAlign.TOP,
  MIDDLE: VerticalAlign.MIDDLE,
  BOTTOM: VerticalAlign.BOTTOM,
};
const WRAP: Record<string, WrapStrategy> = {
  OVERFLOW_CELL: WrapStrategy.OVERFLOW,
  CLIP: WrapStrategy.CLIP,
  WRAP: WrapStrategy.WRAP,
};
const BORDER: Record<string, BorderStyleTypes> = {
  DOTTED: BorderStyleTypes.DOTTED,
  DASHED: BorderStyleTypes.DASHED,
  SOLID: BorderStyleTypes.THIN,
  SOLID_MEDIUM: BorderStyleTypes.MEDIUM,
  SOLID_THICK: BorderStyleTypes.THICK,
  DOUBLE: BorderStyleTypes.DOUBLE,
};

export function styleOf(format: CellFormat): IStyleData {
  const style: IStyleData = {};
  const { textFormat: text = {} } = format;
  if (format.backgroundColor) style.bg = { rgb: hex(format.backgroundColor) };
  if (text.foregroundColor) style.cl = { rgb: hex(text.foregroundColor) };
  if (text.fontFamily) style.ff = text.fontFamily;
  if (text.fontSize) style.fs = text.fontSize;
  if (text.bold) style.bl = BooleanNumber.TRUE;
  if (text.italic) style.it = BooleanNumber.TRUE;
  if (text.underline) style.ul = { s: BooleanNumber.TRUE };
  if (text.strikethrough) style.st = { s: BooleanNumber.TRUE };
  const horizontal = HORIZONTAL[format.horizontalAlignment ?? ""];
  if (horizontal !== undefined) style.ht = horizontal;
  const vertical = VERTICAL[format.verticalAlignment ?? ""];
  if (vertical !== undefined) style.vt = vertical;
  const wrap = WRAP[format.wrapStrategy ?? ""];
  if (wrap !== undefined) style.tb = wrap;
  const { pattern, type } = format.numberFormat ?? {};
  if (type !== undefined || pattern !== undefined) style.n = { pattern: pattern ?? type ?? "" };
  const borders = bordersOf(format);
  if (borders !== null) style.bd = borders;
  return style;
}

/** A cell's style with its font: a drop-down is drawn without the sheet's default style. */
export function cellStyleOf(format: CellFormat): IStyleData {
  return { ...DEFAULT_STYLE, ...styleOf(format) };
}

function bordersOf({ borders }: CellFormat): IBorderData | null {
  const found: IBorderData = {};
  for (const [side, key] of [
    ["top", "t"],
    ["bottom", "b"],
    ["left", "l"],
    ["right", "r"],
  ] as const) {
    const border = borders?.[side];
    const kind = BORDER[border?.style ?? ""];
    if (kind !== undefined) found[key] = { s: kind, cl: { rgb: hex(border?.color ?? {}) } };
  }
  return Object.keys(found).length > 0 ? found : null;
}

/** What a person changed of a cell's look, as a format and the fields that it sets. */
export function formatOf(style: IStyleData): { format: CellFormat; fields: string[] } {
  const format: CellFormat = {};
  const text: NonNullable<CellFormat["textFormat"]> = {};
  const fields: string[] = [];
  const set = (field: string): void => {
    fields.push(`userEnteredFormat.${field}`);
  };
  if ("bg" in style) {
    if (style.bg?.rgb) format.backgroundColor = color(style.bg.rgb);
    set("backgroundColor");
  }
  if ("cl" in style) {
    if (style.cl?.rgb) text.foregroundColor = color(style.cl.rgb);
    set("textFormat.foregroundColor");
  }
  if ("bl" in style) {
    text.bold = style.bl === BooleanNumber.TRUE;
    set("textFormat.bold");
  }
  if ("it" in style) {
    text.italic = style.it === BooleanNumber.TRUE;
    set("textFormat.italic");
  }
  if ("ul" in style) {
    text.underline = style.ul.s === BooleanNumber.TRUE;
    set("textFormat.underline");
  }
  if ("st" in style) {
    text.strikethrough = style.st.s === BooleanNumber.TRUE;
    set("textFormat.strikethrough");
  }
  if ("fs" in style) {
    if (style.fs) text.fontSize = style.fs;
    set("textFormat.fontSize");
  }
  if ("ht" in style) {
    const word = wordFor(HORIZONTAL, style.ht);
    if (word) format.horizontalAlignment = word;
    set("horizontalAlignment");
  }
  if ("vt" in style) {
    const word = wordFor(VERTICAL, style.vt);
    if (word) format.verticalAlignment = word;
    set("verticalAlignment");
  }
  if ("tb" in style) {
    const word = wordFor(WRAP, style.tb);
    if (word) format.wrapStrategy = word;
    set("wrapStrategy");
  }
  if (Object.keys(text).length > 0) format.textFormat = text;
  return { format, fields };
}

function wordFor<T>(words: Record<string, T>, wanted: T | null | undefined): string | undefined {
  return Object.entries(words).find(([, value]) => value === wanted)?.[0];
}

export function hex({ red = 0, green = 0, blue = 0 }: Color): string {
  const part = (share: number): string =>
    Math.round(Math.min(Math.max(share, 0), 1) * 255)
      .toString(16)
      .padStart(2, "0");
  return `#${part(red)}${part(green)}${part(blue)}`;
}

export function color(css: string): Color {
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(css);
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(css);
  const rgb = /^rgba?\((\d+)[, ]+(\d+)[, ]+(\d+)/i.exec(css);
  const [red, green, blue] = long
    ? long.slice(1).map((part) => parseInt(part, 16))
    : short
      ? short.slice(1).map((part) => parseInt(part + part, 16))
      : (rgb?.slice(1).map(Number) ?? []);
  return { red: (red ?? 0) / 255, green: (green ?? 0) / 255, blue: (blue ?? 0) / 255 };
}
