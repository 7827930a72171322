/**
 * When Univer draws: as soon as there is a workbook. Its own controller lets 300 ms pass first, and
 * opens its last rooms, the fill handle's and the search's, three seconds after that.
 *
 * Decided here: what is drawn where, and when. Decided elsewhere: everything in it (Univer).
 */

import { LifecycleStages, UniverInstanceType } from "@univerjs/core";
import type { IRender } from "@univerjs/engine-render";
import { DesktopUIController } from "@univerjs/ui";

export class PromptController extends DesktopUIController {
  protected override _bootstrapWorkbench(): void {
    const page = this.bootstrap((content, container) => {
      this.disposeWithMe(this._layoutService.registerRootContainerElement(container));
      this.disposeWithMe(this._layoutService.registerContentElement(content));
      void this.#drawOn(content);
    });
    this.disposeWithMe(page);
  }

  /** The workbook that there is, and any later one in its place. */
  async #drawOn(content: HTMLElement): Promise<void> {
    await this._lifecycleService.onStage(LifecycleStages.Ready);
    const draw = (render: IRender): void => {
      if (render.type !== UniverInstanceType.UNIVER_SHEET) return; // an editor's
      render.engine.mount(content);
      render.activate();
    };
    const renders = this._renderManagerService;
    renders.getRenderAll().forEach(draw);
    this.disposeWithMe(renders.created$.subscribe(draw));
    this._lifecycleService.stage = LifecycleStages.Rendered;
    this._lifecycleService.stage = LifecycleStages.Steady;
  }
}

/** The next frame. A page that nobody sees draws none, and doesn't wait for it. */
export function frame(): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      document.removeEventListener("visibilitychange", unlessSeen);
      resolve();
    };
    const unlessSeen = (): void => {
      if (document.hidden) goOn();
    };
    document.addEventListener("visibilitychange", unlessSeen);
    requestAnimationFrame(goOn);
    unlessSeen();
  });
}
