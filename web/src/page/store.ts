/**
 * What the page shows beside the grid, in one place that components watch.
 */

import { useSyncExternalStore } from "react";

import type { RunsSummary } from "../protocol/messages";
import type { Connection } from "../session";
import type { Selected } from "../univer/grid";
import type { Theme } from "./theme";

export interface Notice {
  id: number;
  sentence: string;
}

export type DrawerTab = "curves" | "compare" | "run" | "cell";

export interface PageState {
  title: string;
  connection: Connection;
  why: string;
  /** Writes that the server hasn't confirmed yet. */
  waiting: number;
  notices: readonly Notice[];
  summary: RunsSummary | null;
  selected: Selected | null;
  /** Counts up with each revision that was shown. */
  revision: number;
  drawer: DrawerTab | null;
  theme: Theme;
  /** The active tab holds nothing at all. */
  blank: boolean;
}

export class Store {
  #state: PageState = {
    title: "",
    connection: "loading",
    why: "",
    waiting: 0,
    notices: [],
    summary: null,
    selected: null,
    revision: 0,
    drawer: null,
    theme: "auto",
    blank: false,
  };
  readonly #listeners = new Set<() => void>();

  get state(): PageState {
    return this.#state;
  }

  set(change: Partial<PageState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };
}

export function usePage(store: Store): PageState {
  return useSyncExternalStore(store.subscribe, () => store.state);
}
