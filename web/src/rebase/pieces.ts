/**
 * A large edit in pieces that the server takes: each below 2 MB, all of them one step to undo.
 */

import type { Edit, Entry } from "./edits";

const LARGEST = 1_500_000; // characters as JSON; most are one byte, and 2 MB is the aim
const AROUND = 4; // of an entry: quotes, comma

export function inPieces(edit: Edit): Edit[] {
  if (edit.kind !== "enter") return [edit];
  const pieces: Entry[][] = [[]];
  let size = 0;
  for (const entry of edit.entries) {
    const more = entry.text.length + AROUND;
    if (size + more > LARGEST && size > 0) {
      pieces.push([]);
      size = 0;
    }
    pieces.at(-1)?.push(entry);
    size += more;
  }
  return pieces.map((entries) => ({ ...edit, entries }));
}
