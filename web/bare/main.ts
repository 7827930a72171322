/**
 * Univer alone, with a made-up sheet: what `benchmarks/grid_page.py` measures our page beside.
 *
 * The same plugins as ours, the same number of cells, nothing that is fetched. It isn't part of the
 * package. `?rows=2000` says how long the sheet is.
 */

import {
  LifecycleService,
  LifecycleStages,
  LocaleType,
  UniverInstanceType,
} from "@univerjs/core";
import { DesktopUIController } from "@univerjs/ui";

import { injectorOf, startUniver } from "../src/univer/setup";

declare global {
  interface Window {
    bareReady?: boolean;
  }
}

const COLUMNS = 26;

function cellsOf(rows: number): Record<number, Record<number, { v: string | number }>> {
  const found: Record<number, Record<number, { v: string | number }>> = {};
  for (let row = 0; row < rows; row += 1) {
    const line: Record<number, { v: string | number }> = (found[row] = {});
    for (let column = 0; column < COLUMNS; column += 1) {
      line[column] = { v: column === 0 ? `run-${String(row)}` : (row * 31 + column * 7) / 1000 };
    }
  }
  return found;
}

const container = document.getElementById("grid");
if (container !== null) {
  const rows = Number(new URLSearchParams(location.search).get("rows") ?? 2000);
  const univer = startUniver(container, false, DesktopUIController);
  const sheet = { id: "0", name: "Sheet1", rowCount: rows, columnCount: COLUMNS };
  univer.createUnit(UniverInstanceType.UNIVER_SHEET, {
    id: "workbook",
    name: "",
    appVersion: "",
    locale: LocaleType.EN_US,
    styles: {},
    sheetOrder: ["0"],
    sheets: { "0": { ...sheet, cellData: cellsOf(rows) } },
  });
  void injectorOf(univer)
    .get(LifecycleService)
    .onStage(LifecycleStages.Rendered)
    .then(() => {
      window.bareReady = true;
    });
}
