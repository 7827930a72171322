/**
 * What a cell shows and what its editor begins with: the server's texts, not Univer's own.
 *
 * Decided here: that an editor which is closed without a change writes nothing, and that no cell is
 * marked as wrong for not being on a list. Decided elsewhere: the texts (the server), how they get
 * into a cell (`cells.ts`).
 */

import {
  CellValueType,
  HorizontalAlign,
  type ICellData,
  type ICellDataForSheetInterceptor,
  type Injector,
  InterceptorEffectEnum,
  type Nullable,
} from "@univerjs/core";
import {
  AFTER_CELL_EDIT,
  BEFORE_CELL_EDIT,
  INTERCEPTOR_POINT,
  SheetInterceptorService,
} from "@univerjs/sheets";

import { customOf, editTextOf, enteredText } from "./cells";
import type { CellEditor } from "./editor";
import { fitted } from "./fitting";
import { DEFAULT_STYLE } from "./styles";

const FIRST = 1_000; // priority: before Univer's own

export function showServerTexts(injector: Injector, editor: CellEditor): void {
  const interceptors = injector.get(SheetInterceptorService);
  interceptors.intercept(INTERCEPTOR_POINT.CELL_CONTENT, {
    id: "server-text",
    priority: 5, // after those that only decorate
    effect: InterceptorEffectEnum.Value | InterceptorEffectEnum.Style,
    handler: (cell, { rawData, workbook, worksheet, col }, next) => {
      // A status like 3/20 isn't on its list, and isn't wrong: the server says what is.
      if (cell && cell !== rawData) {
        delete cell.markers;
        // A drop-down is drawn without the sheet's default style.
        if (rawData?.s == null) cell.interceptorStyle = { ...DEFAULT_STYLE, ...cell.interceptorStyle };
      }
      if (rawData?.t !== CellValueType.NUMBER || customOf(rawData).error !== undefined) {
        return next(shown(cell, rawData));
      }
      // A number without a format of its own has as many digits as there is room for.
      const ownFormat = workbook.getStyles().getStyleByCell(rawData)?.n != null;
      const text = customOf(rawData).shown ?? String(rawData.v ?? "");
      const fits = ownFormat ? text : fitted(Number(rawData.v), text, worksheet.getColumnWidth(col));
      return next(shown(cell, rawData, fits));
    },
  });
  interceptors.writeCellInterceptor.intercept(BEFORE_CELL_EDIT, {
    priority: FIRST,
    handler: (cell, { worksheet, row, col }) => {
      const raw = worksheet.getCellRaw(row, col);
      const text = editTextOf(raw);
      const plain: ICellDataForSheetInterceptor = { ...cell, v: text, t: CellValueType.STRING };
      delete plain.f;
      delete plain.p;
      // The placeholder of an alignment that the text shown needs, not the text edited.
      delete plain.interceptorStyle;
      return cell || text !== "" ? plain : cell;
    },
  });
  interceptors.writeCellInterceptor.intercept(AFTER_CELL_EDIT, {
    priority: FIRST,
    handler: (cell, { worksheet, row, col }) => {
      if (!cell) return cell;
      const raw = worksheet.getCellRaw(row, col);
      const { custom: _before, s: _style, ...entry } = cell;
      const typed = enteredText(entry);
      if (editor.orphaned || typed === editTextOf(raw)) return raw ?? {};
      return { ...entry, custom: { typed } };
    },
  });
}

function shown(
  cell: Nullable<ICellDataForSheetInterceptor>,
  raw: Nullable<ICellData>,
  fits?: string,
): Nullable<ICellDataForSheetInterceptor> {
  const { shown: said, error } = customOf(raw);
  const text = fits === undefined || fits === String(raw?.v ?? "") ? said : fits;
  if (raw === null || raw === undefined) return cell;
  const centered = error !== undefined;
  if (text === undefined && !centered) return cell;
  const made: ICellDataForSheetInterceptor = cell === raw ? { ...raw } : { ...cell };
  if (text !== undefined) made.v = text;
  const align = centered ? HorizontalAlign.CENTER : HorizontalAlign.RIGHT;
  if (raw.t !== CellValueType.STRING || centered) {
    made.t = CellValueType.STRING;
    made.interceptorStyle = { ht: align, ...made.interceptorStyle };
  }
  return made;
}
