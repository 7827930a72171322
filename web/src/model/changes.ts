/**
 * A message of the feed, applied to the workbook: the five rules of the protocol.
 *
 * Decided here: what is old, what is missing, in which order effects and cells come, and what of it
 * the grid has to be told (`Happening`, in the order in which it happened). Decided elsewhere: how
 * a happening looks on the screen (`univer/incoming.ts`).
 */

import type { Changes, Dimension, Effect, LinesEffect } from "../protocol/messages";
import { spread } from "./axis";
import { type CellPlace, Tab } from "./tab";
import type { Workbook } from "./workbook";

export type Happening =
  | {
      kind: "lines";
      sheetId: number;
      dimension: Dimension;
      at: number;
      gone: number[];
      came: number[];
    }
  | { kind: "tabAdded"; sheetId: number; position: number }
  | { kind: "tabRemoved"; sheetId: number }
  | { kind: "tabsOrdered" }
  | { kind: "tab"; sheetId: number }
  | { kind: "workbook" }
  | { kind: "lineProperties"; sheetId: number; dimension: Dimension; lines: number[] }
  | { kind: "objects"; name: string }
  | { kind: "hidden"; sheetId: number }
  | { kind: "cells"; sheetId: number; cells: CellPlace[] };

export interface Applied {
  outcome: "applied" | "old" | "missing";
  happenings: Happening[];
}

export function applyChanges(workbook: Workbook, message: Changes): Applied {
  if (message.revision <= workbook.revision) return { outcome: "old", happenings: [] };
  if (message.from > workbook.revision) return { outcome: "missing", happenings: [] };
  const happenings: Happening[] = [];
  const gone: { tab: Tab; dimension: Dimension; ids: number[] }[] = [];
  for (const effect of message.effects) {
    if (effect.revision <= workbook.revision) continue;
    if (effect.type === "lines") {
      const happened = moveLines(workbook, effect);
      if (happened === null) continue;
      happenings.push(happened);
      const tab = workbook.tab(effect.sheetId);
      if (tab) gone.push({ tab, dimension: effect.dimension, ids: happened.gone });
    } else {
      happenings.push(...applyEffect(workbook, effect));
    }
  }
  // Only now: what went and came again in the same message is a move, and takes its cells along.
  for (const { tab, dimension, ids } of gone) tab.forget(dimension, ids);
  happenings.push(...putCells(workbook, message), ...hide(workbook, message));
  workbook.revision = message.revision;
  workbook.cursor = message.cursor;
  return { outcome: "applied", happenings };
}

type LinesHappening = Extract<Happening, { kind: "lines" }>;

function moveLines(workbook: Workbook, effect: LinesEffect): LinesHappening | null {
  const { sheetId, dimension, at, removed } = effect;
  const tab = workbook.tab(sheetId);
  if (tab === undefined) return null;
  const came = spread(effect.inserted);
  const gone = tab.axis(dimension).splice(at, removed, came);
  return { kind: "lines", sheetId, dimension, at, gone, came };
}

function applyEffect(
  workbook: Workbook,
  effect: Exclude<Effect, { type: "lines" }>,
): Happening[] {
  switch (effect.type) {
    case "sheetAdded": {
      const { sheetId, position } = effect;
      const tab = new Tab(
        sheetId,
        effect.properties,
        spread(effect.rows),
        spread(effect.columns),
      );
      workbook.tabs.splice(position, 0, tab);
      return [{ kind: "tabAdded", sheetId, position }];
    }
    case "sheetRemoved":
      workbook.tabs = workbook.tabs.filter((tab) => tab.sheetId !== effect.sheetId);
      return [{ kind: "tabRemoved", sheetId: effect.sheetId }];
    case "sheets":
      workbook.tabs = effect.order.flatMap((id) => workbook.tab(id) ?? []);
      return [{ kind: "tabsOrdered" }];
    case "sheet": {
      const tab = workbook.tab(effect.sheetId);
      if (tab === undefined) return [];
      tab.properties = effect.properties;
      return [{ kind: "tab", sheetId: effect.sheetId }];
    }
    case "spreadsheet":
      workbook.properties = effect.properties;
      return [{ kind: "workbook" }];
    case "lineProperties": {
      const { sheetId, dimension } = effect;
      const known = workbook.tab(sheetId)?.lineProperties(dimension);
      const lines = Object.entries(effect.lines).map(([id, said]) => {
        known?.set(Number(id), said);
        return Number(id);
      });
      return known ? [{ kind: "lineProperties", sheetId, dimension, lines }] : [];
    }
    case "objects": {
      const before = workbook.objects.get(effect.kind);
      const now = effect.order.flatMap((id) => {
        const body = effect.changed[id] ?? before?.get(id);
        return body === undefined ? [] : ([[id, body]] as const);
      });
      workbook.objects.set(effect.kind, new Map(now));
      return [{ kind: "objects", name: effect.kind }];
    }
    case "styles":
      workbook.addStyles(effect.styles);
      return [];
    default:
      return []; // a kind that a later server knows
  }
}

function putCells(workbook: Workbook, message: Changes): Happening[] {
  const happenings: Happening[] = [];
  for (const [sheet, rows] of Object.entries(message.cells ?? {})) {
    const sheetId = Number(sheet);
    const tab = workbook.tab(sheetId);
    if (tab === undefined) continue;
    const cells: CellPlace[] = [];
    for (const [rowText, columns] of Object.entries(rows)) {
      const row = Number(rowText);
      if (tab.rows.placeOf(row) === undefined) continue;
      for (const [columnText, cell] of Object.entries(columns)) {
        const column = Number(columnText);
        if (tab.columns.placeOf(column) === undefined) continue;
        tab.setCell(row, column, cell);
        cells.push([row, column]);
      }
    }
    if (cells.length > 0) happenings.push({ kind: "cells", sheetId, cells });
  }
  return happenings;
}

function hide(workbook: Workbook, message: Changes): Happening[] {
  return Object.entries(message.hiddenByFilter ?? {}).flatMap(([sheet, rows]): Happening[] => {
    const sheetId = Number(sheet);
    const tab = workbook.tab(sheetId);
    if (tab === undefined) return [];
    tab.hiddenByFilter = new Set(rows);
    return [{ kind: "hidden", sheetId }];
  });
}
