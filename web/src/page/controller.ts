/**
 * The page's threads, held together: session, grid, and what is asked about the runs.
 *
 * Decided here: how often the bar's figures are asked for. Decided elsewhere: the figures
 * themselves (the server), how they look (`bar.tsx`, `drawer.tsx`).
 */

import { getJson, NoAnswer, Refused, type Server } from "../protocol/http";
import type {
  HistoryAnswer,
  LogAnswer,
  MetricsAnswer,
  RunsSummary,
  SnapshotLine,
} from "../protocol/messages";
import { Session } from "../session";
import { Grid } from "../univer/grid";
import { offerHook } from "./hook";
import { Store } from "./store";
import { keepTheme, keptTheme, paintTheme, type Theme } from "./theme";

const EVERY = 2_000; // ms between two looks at the runs
const NOTICE_STAYS = 8_000;
const NAME_KEY = "gsheet-ml-name";

export class Controller {
  readonly store = new Store();
  readonly server: Server;
  readonly grid: Grid;
  readonly session: Session;
  #noticed = 0;
  #asking = false;
  #askedSoon: ReturnType<typeof setTimeout> | undefined;

  constructor(container: HTMLElement, server: Server) {
    this.server = server;
    const theme = keptTheme();
    this.store.set({ theme });
    this.grid = new Grid(container, {
      dark: paintTheme(theme),
      options: (range) => this.#options(range),
      notice: (sentence) => {
        this.notice(sentence);
      },
    });
    this.session = new Session(this.server, this.grid, {
      connection: (connection, why) => {
        this.store.set({ connection, why });
      },
      waiting: (waiting) => {
        this.store.set({ waiting });
      },
      notice: (sentence) => {
        this.notice(sentence);
      },
      workbookChanged: () => {
        this.#changed();
      },
    });
    this.session.author = localStorage.getItem(NAME_KEY) ?? "";
    this.grid.follow(this.session);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.setTheme(this.store.state.theme);
    });
    offerHook(this.grid, this.session);
  }

  async start(snapshot: AsyncIterable<SnapshotLine>): Promise<void> {
    await this.session.start(snapshot);
    if (!this.session.loaded) return; // it said why
    this.grid.onSelected(() => {
      this.#select();
    });
    this.#select();
    setInterval(() => void this.#ask(), EVERY);
    await this.#ask();
  }

  notice(sentence: string): void {
    this.#noticed += 1;
    const id = this.#noticed;
    const { notices } = this.store.state;
    if (notices.some((one) => one.sentence === sentence)) return;
    this.store.set({ notices: [...notices.slice(-3), { id, sentence }] });
    setTimeout(() => {
      this.dismiss(id);
    }, NOTICE_STAYS);
  }

  dismiss(id: number): void {
    this.store.set({ notices: this.store.state.notices.filter((one) => one.id !== id) });
  }

  setTheme(theme: Theme): void {
    keepTheme(theme);
    this.grid.setDark(paintTheme(theme));
    this.store.set({ theme });
  }

  get name(): string {
    return this.session.author;
  }

  setName(name: string): void {
    const kept = name.trim().slice(0, 80);
    localStorage.setItem(NAME_KEY, kept);
    this.session.author = kept;
  }

  curves(sheetId: number, rows: readonly number[]): Promise<MetricsAnswer> {
    const query = rows.map((row): [string, string] => ["row", String(row)]);
    return getJson(this.server.live("runs/metrics", [["sheet", String(sheetId)], ...query]));
  }

  /** Null: nothing is known of the run. */
  async log(sheetId: number, row: number): Promise<LogAnswer | null> {
    const query: [string, string][] = [
      ["sheet", String(sheetId)],
      ["row", String(row)],
    ];
    const found = await getJson<Partial<LogAnswer>>(this.server.live("runs/log", query));
    return found.text === undefined ? null : (found as LogAnswer); // {}: nothing is known
  }

  history(sheetId: number, row: number, column: number): Promise<HistoryAnswer> {
    return getJson(
      this.server.live("history", [
        ["sheet", String(sheetId)],
        ["row", String(row)],
        ["column", String(column)],
      ]),
    );
  }

  async #options(range: string): Promise<string[]> {
    const plain = range.replace(/^=/, "");
    const address = this.server.spreadsheets(`/values/${encodeURIComponent(plain)}`);
    try {
      const { values = [] } = await getJson<{ values?: unknown[][] }>(address);
      return values.flat().map(String);
    } catch (error) {
      if (error instanceof Refused || error instanceof NoAnswer) return []; // no list is shown
      throw error;
    }
  }

  #select(): void {
    const before = this.store.state.selected;
    const selected = this.grid.selected();
    this.store.set({ selected });
    if (selected === null) return;
    if (before?.sheetId !== selected.sheetId) {
      this.store.set({ summary: null });
      this.#askSoon(0);
    }
  }

  #changed(): void {
    const { workbook } = this.session;
    const tab = workbook.tab(this.grid.activeSheetId ?? -1) ?? workbook.tabs[0];
    const title = workbook.properties.title ?? "";
    document.title = title;
    this.store.set({
      title,
      revision: workbook.revision,
      blank: tab?.rows.ids.slice(0, 20).every((row) => tab.isBlankRow(row)) ?? false,
    });
    this.#askSoon(400);
  }

  #askSoon(pause: number): void {
    if (this.#askedSoon !== undefined) return;
    this.#askedSoon = setTimeout(() => {
      this.#askedSoon = undefined;
      void this.#ask();
    }, pause);
  }

  async #ask(): Promise<void> {
    const sheetId = this.grid.activeSheetId;
    if (this.#asking || sheetId === null || document.visibilityState === "hidden") return;
    this.#asking = true;
    try {
      const address = this.server.live("runs", [["sheet", String(sheetId)]]);
      const summary = await getJson<RunsSummary>(address);
      if (this.grid.activeSheetId === sheetId) this.store.set({ summary });
    } catch (error) {
      // The feed tells that the connection is lost; the figures stay as they were.
      if (!(error instanceof NoAnswer || error instanceof Refused)) throw error;
    } finally {
      this.#asking = false;
    }
  }
}
