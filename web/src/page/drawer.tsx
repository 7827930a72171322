/**
 * The drawer beside the grid: curves of the selected runs, all finished runs compared, one run's
 * log, one cell's history.
 */

import type { Controller } from "./controller";
import { CellPanel } from "./cell_panel";
import { ComparePanel } from "./compare_panel";
import { CurvesPanel } from "./curves_panel";
import { Cross } from "./icons";
import { RunPanel } from "./run_panel";
import { type DrawerTab, usePage } from "./store";

const TABS: [tab: DrawerTab, words: string][] = [
  ["curves", "Curves"],
  ["compare", "Compare"],
  ["run", "Run"],
  ["cell", "Cell"],
];

export function Drawer({ controller }: { controller: Controller }) {
  const { drawer } = usePage(controller.store);
  if (drawer === null) return null;
  const open = (tab: DrawerTab | null): void => {
    controller.store.set({ drawer: tab });
  };
  return (
    <aside
      className="drawer"
      aria-label="Charts and logs"
      onKeyDown={(event) => {
        event.stopPropagation(); // keys in here aren't typed into the sheet
        if (event.key === "Escape") open(null);
      }}
    >
      <div className="tabs" role="tablist">
        {TABS.map(([tab, words]) => (
          <button
            key={tab}
            type="button"
            role="tab"
            aria-selected={tab === drawer}
            onClick={() => {
              open(tab);
            }}
          >
            {words}
          </button>
        ))}
        <button
          type="button"
          className="tool"
          aria-label="Close"
          onClick={() => {
            open(null);
          }}
        >
          <Cross />
        </button>
      </div>
      <div className="panel" role="tabpanel">
        {drawer === "curves" && <CurvesPanel controller={controller} />}
        {drawer === "compare" && <ComparePanel controller={controller} />}
        {drawer === "run" && <RunPanel controller={controller} />}
        {drawer === "cell" && <CellPanel controller={controller} />}
      </div>
    </aside>
  );
}
