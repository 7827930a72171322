/**
 * What Univer knows of formulas: the functions' names and descriptions, for whoever types one.
 *
 * Decided here: that it follows no change. The server computes; Univer would look through all cells
 * of the workbook for formulas at each change of one, a third of a second at 50,000 rows.
 */

import { Disposable } from "@univerjs/core";
import { UniverSheetsFormulaPlugin, UpdateFormulaController } from "@univerjs/sheets-formula";

export class FormulaWords extends UniverSheetsFormulaPlugin {
  override onStarting(): void {
    super.onStarting();
    const nothing: unknown = new Disposable();
    const useFactory = () => nothing as UpdateFormulaController;
    this._injector.replace([UpdateFormulaController, { useFactory }]);
  }
}
