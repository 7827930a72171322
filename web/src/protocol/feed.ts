/**
 * The change feed: one WebSocket after another, each from the last known cursor on.
 *
 * Decided here: when a connection counts as lost, how long to wait before the next. Decided
 * elsewhere: what a message does (`model/changes.ts`), so that nothing is lost and nothing is
 * applied twice.
 */

import type { Changes, FeedMessage } from "./messages";

const SILENCE = 15_000; // ms without any message; the server says something every 5 s
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;

export interface FeedEvents {
  /** Where to go on. */
  cursor(): string;
  connected(): void;
  lost(): void;
  changes(message: Changes): void;
  /** The feed can't go on from the cursor; it starts again after the next `resume`. */
  snapshotNeeded(why: string): void;
  gone(why: string): void;
}

export class Feed {
  readonly #address: (cursor: string) => string;
  readonly #events: FeedEvents;
  #socket: WebSocket | null = null;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #pause = FIRST_PAUSE;

  constructor(address: (cursor: string) => string, events: FeedEvents) {
    this.#address = address;
    this.#events = events;
    // A laptop that wakes up, or a network that is back, shouldn't wait for the next attempt.
    addEventListener("online", () => {
      if (this.#socket?.readyState !== WebSocket.OPEN) this.resume();
    });
  }

  /** Connect from the cursor on, now. */
  resume(): void {
    this.stop();
    const socket = new WebSocket(this.#address(this.#events.cursor()));
    this.#socket = socket;
    this.#listenForSilence();
    socket.onopen = () => {
      this.#pause = FIRST_PAUSE;
      this.#events.connected();
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      this.#listenForSilence();
      this.#take(JSON.parse(event.data) as FeedMessage);
    };
    socket.onclose = () => {
      this.#lost();
    };
  }

  stop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#again);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #take(message: FeedMessage): void {
    switch (message.type) {
      case "changes":
        this.#events.changes(message);
        break;
      case "snapshot":
        this.stop();
        this.#events.snapshotNeeded(message.why);
        break;
      case "gone":
        this.#pause = LONGEST_PAUSE;
        this.#events.gone(message.why);
        break;
      case "alive":
        break;
    }
  }

  #lost(): void {
    this.stop();
    this.#events.lost();
    this.#again = setTimeout(() => {
      this.resume();
    }, this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  #listenForSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#lost();
    }, SILENCE);
  }
}
