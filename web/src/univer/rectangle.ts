/**
 * Where a cell is in the window.
 */

import {
  convertTransformToOffsetX,
  convertTransformToOffsetY,
  IRenderManagerService,
  SHEET_VIEWPORT_KEY,
} from "@univerjs/engine-render";
import { SheetSkeletonService } from "@univerjs/sheets";

import type { Grid } from "./grid";


export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Null if it is scrolled out of sight, or hidden. */
export function rectangleOf(grid: Grid, down: number, right: number): Rectangle | null {
  const unit = grid.injector.get(IRenderManagerService).getRenderById(grid.unitId);
  const sheet = grid.book?.getActiveSheet();
  if (!unit || !sheet) return null;
  const skeleton = grid.injector
    .get(SheetSkeletonService)
    .getSkeleton(grid.unitId, sheet.getSheetId());
  const canvas = unit.engine.getCanvasElement();
  if (!skeleton) return null;
  const cell = skeleton.getCellWithCoordByIndex(down, right);
  const { scaleX, scaleY } = unit.scene.getAncestorScale();
  const freeze = sheet.getFreeze();
  const view = unit.scene.getViewport(SHEET_VIEWPORT_KEY.VIEW_MAIN);
  if (!view) return null;
  const scroll = unit.scene.getViewportScrollXY(view);
  const offset = {
    x: right < freeze.xSplit ? 0 : scroll.x,
    y: down < freeze.ySplit ? 0 : scroll.y,
  };
  const place = canvas.getBoundingClientRect();
  const x = place.x + convertTransformToOffsetX(cell.startX, scaleX, offset);
  const y = place.y + convertTransformToOffsetY(cell.startY, scaleY, offset);
  const width = (cell.endX - cell.startX) * scaleX;
  const height = (cell.endY - cell.startY) * scaleY;
  const inside =
    width > 0 && height > 0 && x >= place.x && y >= place.y && x < place.right && y < place.bottom;
  return inside ? { x, y, width, height } : null;
}
