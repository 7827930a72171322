/**
 * The data validations of a tab's cells as Univer's rules: one rule for all cells that share it. Pure.
 *
 * Decided elsewhere: when they are put in (`validation.ts`).
 */

import {
  DataValidationErrorStyle,
  DataValidationRenderMode,
  DataValidationType,
  type ISheetDataValidationRule,
} from "@univerjs/core";
import { serializeListOptions } from "@univerjs/sheets";

import type { Tab } from "../model/tab";
import type { DataValidation } from "../protocol/messages";
import { runsOf } from "../rebase/requests";
import type { Range } from "./snapshot";

/** The name of a rule: what it says. */
export function ruleId(validation: DataValidation): string {
  return JSON.stringify([validation.condition, validation.strict ?? false]);
}

/** Where each validation holds, by its rule's name. */
export function validated(tab: Tab): Map<string, { validation: DataValidation; ranges: Range[] }> {
  const columns = new Map<string, { validation: DataValidation; places: Map<number, number[]> }>();
  for (const [down, row] of tab.rows.ids.entries()) {
    for (const [column, cell] of tab.cellsOf(row)) {
      const validation = cell.x?.dataValidation;
      const right = validation && tab.columns.placeOf(column);
      if (validation === undefined || right === undefined) continue;
      const id = ruleId(validation);
      let found = columns.get(id);
      if (found === undefined) columns.set(id, (found = { validation, places: new Map() }));
      const places = found.places.get(right);
      if (places === undefined) found.places.set(right, [down]);
      else places.push(down);
    }
  }
  return new Map(
    [...columns].map(([id, { validation, places }]) => [
      id,
      {
        validation,
        ranges: [...places].flatMap(([right, downs]) =>
          runsOf(downs).map(({ start, count }) => ({
            startRow: start,
            endRow: start + count - 1,
            startColumn: right,
            endColumn: right,
          })),
        ),
      },
    ]),
  );
}

/** Null for a kind that is only checked by the server. `options` are those of a range. */
export function univerRule(
  uid: string,
  validation: DataValidation,
  ranges: Range[],
  options: readonly string[],
): ISheetDataValidationRule | null {
  const { type, values = [] } = validation.condition;
  const said = values.map((value) => value.userEnteredValue ?? "");
  const common = {
    uid,
    ranges,
    allowBlank: true,
    showErrorMessage: false,
    errorStyle: validation.strict ? DataValidationErrorStyle.STOP : DataValidationErrorStyle.INFO,
  };
  switch (type) {
    case "BOOLEAN": {
      const [ticked, unticked] = said;
      return {
        ...common,
        type: DataValidationType.CHECKBOX,
        formula1: ticked ?? "1",
        formula2: unticked ?? "0",
      };
    }
    case "ONE_OF_LIST":
    case "ONE_OF_RANGE":
      return {
        ...common,
        type: DataValidationType.LIST,
        formula1: serializeListOptions(type === "ONE_OF_LIST" ? said : [...options]),
        formula2: "",
        renderMode: DataValidationRenderMode.ARROW,
        showDropDown: validation.showCustomUi ?? true,
      };
    default:
      return null;
  }
}
