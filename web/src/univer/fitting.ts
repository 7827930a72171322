/**
 * A number as wide as its column: fewer digits, never fewer at the front. Pure.
 *
 * Only for numbers without a format of their own; a number that is cut off at its left is another
 * number.
 */

const DIGIT = 7.5; // pixels, of ten points
const PADDING = 5;
const MOST = 15;

export function fitted(value: number, text: string, width: number): string {
  const room = Math.floor((width - PADDING) / DIGIT);
  if (text.length <= room) return text;
  for (let digits = MOST; digits >= 1; digits -= 1) {
    const plain = String(Number(value.toPrecision(digits)));
    if (plain.length <= room) return plain;
  }
  for (let digits = 4; digits >= 0; digits -= 1) {
    const short = value.toExponential(digits);
    if (short.length <= room) return short;
  }
  return "#".repeat(Math.max(room, 1));
}
