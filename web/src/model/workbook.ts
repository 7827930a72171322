/**
 * The workbook as the server last told it: nothing here is ahead of the server.
 *
 * Decided here: how a snapshot becomes a workbook. Decided elsewhere: how it goes on from there
 * (`changes.ts`), what the grid shows of it (`univer/`).
 */

import type {
  CellFormat,
  ObjectBody,
  SnapshotLine,
  WorkbookLine,
  WorkbookProperties,
} from "../protocol/messages";
import { spread } from "./axis";
import { Tab } from "./tab";

export class Workbook {
  readonly spreadsheetId: string;
  cursor: string;
  revision: number;
  properties: WorkbookProperties;
  readonly defaultStyle: CellFormat;
  readonly styles = new Map<number, CellFormat>();
  tabs: Tab[];
  readonly objects = new Map<string, Map<string, ObjectBody>>();

  constructor(head: WorkbookLine) {
    this.spreadsheetId = head.spreadsheetId;
    this.cursor = head.cursor;
    this.revision = head.revision;
    this.properties = head.properties;
    this.defaultStyle = head.defaultStyle;
    this.addStyles(head.styles);
    this.tabs = head.sheets.map((said) => {
      const { sheetId, properties, rows, columns } = said;
      const tab = new Tab(sheetId, properties, spread(rows.spans), spread(columns.spans));
      for (const [id, found] of Object.entries(rows.properties)) {
        tab.rowProperties.set(Number(id), found);
      }
      for (const [id, found] of Object.entries(columns.properties)) {
        tab.columnProperties.set(Number(id), found);
      }
      tab.hiddenByFilter = new Set(said.hiddenByFilter);
      return tab;
    });
    for (const [kind, bodies] of Object.entries(head.objects)) {
      this.objects.set(kind, new Map(Object.entries(bodies)));
    }
  }

  tab(sheetId: number): Tab | undefined {
    return this.tabs.find((tab) => tab.sheetId === sheetId);
  }

  addStyles(styles: Record<string, CellFormat>): void {
    for (const [id, style] of Object.entries(styles)) this.styles.set(Number(id), style);
  }
}

/**
 * A workbook from the lines of a snapshot; `grew` is told of rows that are in it now. Throws if they
 * end too early.
 */
export async function assemble(
  lines: AsyncIterable<SnapshotLine>,
  grew?: (workbook: Workbook, sheetId: number, rows: number[]) => Promise<void>,
): Promise<Workbook> {
  let workbook: Workbook | null = null;
  for await (const line of lines) {
    if (line.type === "workbook") {
      workbook = new Workbook(line);
    } else if (workbook === null) {
      continue;
    } else if (line.type === "rows") {
      workbook.addStyles(line.styles ?? {});
      workbook.tab(line.sheetId)?.load(line);
      await grew?.(workbook, line.sheetId, spread(line.rows));
    } else {
      return workbook;
    }
  }
  throw new CutOffError();
}

export class CutOffError extends Error {
  constructor() {
    super("The workbook arrived only in part.");
  }
}
