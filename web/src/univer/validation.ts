/**
 * Drop-downs and boxes to tick, kept where the workbook has them.
 *
 * Univer moves its rules along only with its own commands, so they are laid anew when lines or
 * validations have changed: after a pause, for a burst of changes costs once. Decided elsewhere:
 * which rules there are (`rules.ts`).
 */

import { ICommandService, type Injector } from "@univerjs/core";
import { AddDataValidationMutation, RemoveDataValidationMutation } from "@univerjs/data-validation";
import { SheetDataValidationModel } from "@univerjs/sheets-data-validation";

import type { CellPlace, Tab } from "../model/tab";
import type { Workbook } from "../model/workbook";
import type { DataValidation } from "../protocol/messages";
import { FROM_SERVER } from "./incoming";
import { ruleId, univerRule, validated } from "./rules";
import { sheetName } from "./snapshot";

const PAUSE = 60; // ms

export type Options = (range: string) => Promise<string[]>;

export class Validations {
  readonly #commands: ICommandService;
  readonly #rules: SheetDataValidationModel;
  readonly #unitId: () => string;
  readonly #options: Options;
  readonly #laid = new Map<number, string>();
  readonly #due = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(injector: Injector, unitId: () => string, options: Options) {
    this.#commands = injector.get(ICommandService);
    this.#rules = injector.get(SheetDataValidationModel);
    this.#unitId = unitId;
    this.#options = options;
  }

  /** A workbook from the beginning. */
  async layAll(workbook: Workbook): Promise<void> {
    this.#laid.clear();
    for (const tab of workbook.tabs) await this.#lay(tab);
  }

  /** Lines have moved. */
  moved(tab: Tab): void {
    this.#due.add(tab.sheetId);
  }

  /** Cells have changed: whether their validations have, too. */
  changed(tab: Tab, cells: readonly CellPlace[]): void {
    if (this.#due.has(tab.sheetId)) return;
    const unitId = this.#unitId();
    const subUnitId = sheetName(tab.sheetId);
    const differs = cells.some(([row, column]) => {
      const down = tab.rows.placeOf(row);
      const right = tab.columns.placeOf(column);
      if (down === undefined || right === undefined) return false;
      const validation = tab.cell(row, column)?.x?.dataValidation;
      const there = this.#rules.getRuleIdByLocation(unitId, subUnitId, down, right);
      return isShown(validation) ? there !== ruleId(validation) : there !== undefined;
    });
    if (differs) this.#due.add(tab.sheetId);
  }

  laySoon(workbook: () => Workbook): void {
    if (this.#due.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const due = [...this.#due];
      this.#due.clear();
      const tabs = due.flatMap((id) => workbook().tab(id) ?? []);
      void Promise.all(tabs.map((tab) => this.#lay(tab)));
    }, PAUSE);
  }

  isCheckbox(tab: Tab, down: number, right: number): boolean {
    const row = tab.rows.idAt(down);
    const column = tab.columns.idAt(right);
    if (row === undefined || column === undefined) return false;
    const condition = tab.cell(row, column)?.x?.dataValidation?.condition;
    return condition?.type === "BOOLEAN" && !condition.values?.length;
  }

  async #lay(tab: Tab): Promise<void> {
    const wanted = validated(tab);
    const signature = JSON.stringify([...wanted].map(([id, { ranges }]) => [id, ranges]));
    if (this.#laid.get(tab.sheetId) === signature) return;
    this.#laid.set(tab.sheetId, signature);
    const rules = [];
    for (const [id, { validation, ranges }] of wanted) {
      const { type, values } = validation.condition;
      const range = values?.[0]?.userEnteredValue;
      const options = type === "ONE_OF_RANGE" && range ? await this.#options(range) : [];
      const rule = univerRule(id, validation, ranges, options);
      if (rule !== null) rules.push(rule);
    }
    const where = { unitId: this.#unitId(), subUnitId: sheetName(tab.sheetId), source: "patched" };
    const there = this.#rules.getRules(where.unitId, where.subUnitId).map((rule) => rule.uid);
    if (there.length > 0) {
      const params = { ...where, ruleId: there };
      this.#commands.syncExecuteCommand(RemoveDataValidationMutation.id, params, FROM_SERVER);
    }
    if (rules.length > 0) {
      const params = { ...where, rule: rules };
      this.#commands.syncExecuteCommand(AddDataValidationMutation.id, params, FROM_SERVER);
    }
  }
}

function isShown(validation: DataValidation | undefined): validation is DataValidation {
  const type = validation?.condition.type ?? "";
  return ["BOOLEAN", "ONE_OF_LIST", "ONE_OF_RANGE"].includes(type);
}
