/**
 * Keys find the sheet when nothing has the focus.
 *
 * A menu's entry goes together with its menu, and the focus with it: what is pressed next would
 * reach nobody. Only Tab goes on from where the browser is, so that all of the page can be reached.
 */

import type { Injector } from "@univerjs/core";
import { ILayoutService } from "@univerjs/ui";

export function keysFindTheSheet(injector: Injector): void {
  const layout = injector.get(ILayoutService);
  const find = ({ key }: KeyboardEvent): void => {
    const { activeElement, body } = document;
    if (key !== "Tab" && (activeElement === null || activeElement === body)) layout.focus();
  };
  addEventListener("keydown", find, { capture: true }); // before Univer asks who has the focus
}
