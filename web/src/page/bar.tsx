/**
 * The bar above the grid: how the runs are doing, and whether this page is up to date.
 */

import type { RunsSummary } from "../protocol/messages";
import type { Controller } from "./controller";
import { Chart, HalfMoon, Mark, Moon, Redo, Sun, Undo } from "./icons";
import { type PageState, usePage } from "./store";
import type { Theme } from "./theme";
import { duration, perHour } from "./words";

/** In which order states are told, and which of the page's colours each has. */
const STATES: [name: string, tone: string][] = [
  ["running", "busy"],
  ["claimed", "busy"],
  ["pausing", "waiting"],
  ["paused", "waiting"],
  ["stopping", "waiting"],
  ["ready", "ready"],
  ["done", "done"],
  ["stopped", "ended"],
  ["killed", "ended"],
  ["failed", "failed"],
  ["lost", "failed"],
];

const NEXT_THEME: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const THEME_WORDS: Record<Theme, string> = {
  auto: "Colours: as your system",
  light: "Colours: light",
  dark: "Colours: dark",
};

export function Bar({ controller }: { controller: Controller }) {
  const page = usePage(controller.store);
  const { theme, drawer } = page;
  return (
    <header className="bar">
      <div className="name">
        <Mark />
        <h1 title={page.title}>{page.title || " "}</h1>
        <Status page={page} />
      </div>
      <Figures summary={page.summary} />
      <div className="tools">
        <Tool
          label="Undo (Ctrl+Z)"
          press={() => {
            controller.session.gestures.undo();
          }}
        >
          <Undo />
        </Tool>
        <Tool
          label="Redo (Ctrl+Y)"
          press={() => {
            controller.session.gestures.redo();
          }}
        >
          <Redo />
        </Tool>
        <Tool
          label={THEME_WORDS[theme]}
          press={() => {
            controller.setTheme(NEXT_THEME[theme]);
          }}
        >
          {theme === "auto" ? <HalfMoon /> : theme === "light" ? <Sun /> : <Moon />}
        </Tool>
        <button
          type="button"
          className="toggle"
          aria-pressed={drawer !== null}
          onClick={() => {
            controller.store.set({ drawer: drawer === null ? "curves" : null });
          }}
        >
          <Chart />
          <span>Charts &amp; logs</span>
        </button>
      </div>
    </header>
  );
}

function Tool(props: { label: string; press: () => void; children: React.ReactNode }) {
  return (
    <button type="button" className="tool" aria-label={props.label} title={props.label} onClick={props.press}>
      {props.children}
    </button>
  );
}

function Status({ page }: { page: PageState }) {
  const [tone, words] = statusOf(page);
  return (
    <span className={`status ${tone}`} role="status" data-connection={page.connection}>
      <i aria-hidden="true" />
      {words}
    </span>
  );
}

function statusOf({ connection, waiting }: PageState): [tone: string, words: string] {
  switch (connection) {
    case "live":
      return waiting > 0 ? ["busy", "Saving…"] : ["done", "Live"];
    case "loading":
      return ["waiting", "Loading…"];
    case "lost":
      return ["failed", "Reconnecting…"];
    case "gone":
      return ["failed", "File gone"];
    case "shut":
      return ["failed", "Not let in"];
  }
}

function Figures({ summary }: { summary: RunsSummary | null }) {
  if (summary === null) return <div className="figures" />;
  if (!summary.isQueue) {
    return (
      <div className="figures" title={summary.why}>
        <span className="quiet">This tab isn’t a run queue</span>
      </div>
    );
  }
  const { counts, total } = summary;
  const shown = STATES.filter(([name]) => (counts[name] ?? 0) > 0);
  const ended = ["done", "stopped", "killed", "failed", "lost"];
  const over = ended.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  return (
    <div className="figures">
      <Workers summary={summary} />
      <ul className="states" aria-label="Runs by status">
        {shown.map(([name, tone]) => (
          <li key={name} className={tone}>
            <i aria-hidden="true" />
            <b>{counts[name]}</b> {name}
          </li>
        ))}
        {shown.length === 0 && <li className="quiet">no runs yet</li>}
      </ul>
      {total > 0 && (
        <div
          className="progress"
          role="img"
          aria-label={`${String(over)} of ${String(total)} runs are over`}
        >
          {shown.map(([name, tone]) => (
            <i key={name} className={tone} style={{ flexGrow: counts[name] }} />
          ))}
        </div>
      )}
      <span className="quiet pace">
        {summary.perHour !== null && <span>{perHour(summary.perHour)}</span>}
        {summary.secondsLeft !== null && <span>about {duration(summary.secondsLeft)} left</span>}
      </span>
    </div>
  );
}

function Workers({ summary }: { summary: Extract<RunsSummary, { isQueue: true }> }) {
  const { workers, alive } = summary;
  const count = alive ?? workers.length;
  const lines = workers.map(({ name, run, status, alive: lives }) => {
    const silent = lives === false ? " (silent)" : "";
    return `${name}${silent}: ${run || "a run"} ${status}`;
  });
  const words = `${String(count)} ${count === 1 ? "worker" : "workers"}`;
  return (
    <span className={`workers ${count > 0 ? "busy" : "quiet"}`} title={lines.join("\n")}>
      <i aria-hidden="true" />
      <b>{words}</b>
    </span>
  );
}
