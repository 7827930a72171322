/**
 * The snapshot as it arrives: JSON texts, one a line, read while the server still makes them.
 *
 * Decided elsewhere: what becomes of the lines (`model/workbook.ts`).
 */

import { request } from "./http";
import type { SnapshotLine } from "./messages";

export async function* snapshotLines(address: string): AsyncGenerator<SnapshotLine> {
  const { body } = await request(address);
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
