/**
 * The snapshot as it arrives: JSON texts, one a line, read while the server still makes them.
 *
 * Decided elsewhere: what becomes of the lines (`model/workbook.ts`).
 */

import { request } from "./http";
import type { SnapshotLine } from "./messages";

/** It is asked for at once; whoever reads the lines is told what went wrong. */
export function snapshotLines(address: string): AsyncIterable<SnapshotLine> {
  const answer = request(address);
  answer.catch(() => undefined); // else one that nobody reads yet counts as not handled
  return linesOf(answer);
}

async function* linesOf(answer: Promise<Response>): AsyncGenerator<SnapshotLine> {
  const { body } = await answer;
  if (body === null) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    held += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = held.split("\n");
    held = done ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      if (line !== "") yield JSON.parse(line) as SnapshotLine;
    }
    if (done) return;
  }
}
