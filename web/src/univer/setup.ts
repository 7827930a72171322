/**
 * Univer, put together from the plugins that a run sheet needs.
 *
 * Decided here: which of Univer's own rooms are open. Left out: its number formats (the server says
 * what is shown, and its plugin turns `1/2` into a date before anybody sees it), its formula
 * calculation (the server computes), anything that would speak to a network. Decided elsewhere: all
 * that it shows (`grid.ts`).
 */

import "@univerjs/design/lib/index.css";
import "@univerjs/ui/lib/index.css";
import "@univerjs/docs-ui/lib/index.css";
import "@univerjs/sheets-ui/lib/index.css";
import "@univerjs/sheets-formula-ui/lib/index.css";
import "@univerjs/sheets-data-validation-ui/lib/index.css";
import "@univerjs/find-replace/lib/index.css";
import "@univerjs/sheets-filter-ui/lib/index.css";
import "@univerjs/sheets-sort-ui/lib/index.css";

import { Injector, LocaleType, LogLevel, mergeLocales, Univer } from "@univerjs/core";
import { UniverDataValidationPlugin } from "@univerjs/data-validation";
import designLocale from "@univerjs/design/locale/en-US";
import { UniverDocsPlugin } from "@univerjs/docs";
import { UniverDocsUIPlugin } from "@univerjs/docs-ui";
import docsLocale from "@univerjs/docs-ui/locale/en-US";
import { UniverFormulaEnginePlugin } from "@univerjs/engine-formula";
import { UniverRenderEnginePlugin } from "@univerjs/engine-render";
import { UniverFindReplacePlugin } from "@univerjs/find-replace";
import findLocale from "@univerjs/find-replace/locale/en-US";
import { UniverSheetsPlugin } from "@univerjs/sheets";
import { UniverSheetsDataValidationPlugin } from "@univerjs/sheets-data-validation";
import validationLocale from "@univerjs/sheets-data-validation/locale/en-US";
import { UniverSheetsDataValidationUIPlugin } from "@univerjs/sheets-data-validation-ui";
import validationUiLocale from "@univerjs/sheets-data-validation-ui/locale/en-US";
import { UniverSheetsFilterPlugin } from "@univerjs/sheets-filter";
import { UniverSheetsFilterUIPlugin } from "@univerjs/sheets-filter-ui";
import filterLocale from "@univerjs/sheets-filter-ui/locale/en-US";
import { UniverSheetsFindReplacePlugin } from "@univerjs/sheets-find-replace";
import { CalculationMode } from "@univerjs/sheets-formula";
import { UniverSheetsFormulaUIPlugin } from "@univerjs/sheets-formula-ui";
import formulaUiLocale from "@univerjs/sheets-formula-ui/locale/en-US";
import sheetsLocale from "@univerjs/sheets/locale/en-US";
import { UniverSheetsSortPlugin } from "@univerjs/sheets-sort";
import { UniverSheetsSortUIPlugin } from "@univerjs/sheets-sort-ui";
import sortUiLocale from "@univerjs/sheets-sort-ui/locale/en-US";
import { UniverSheetsUIPlugin } from "@univerjs/sheets-ui";
import sheetsUiLocale from "@univerjs/sheets-ui/locale/en-US";
import { defaultTheme } from "@univerjs/themes";
import { DesktopUIController, IUIController, UniverUIPlugin } from "@univerjs/ui";
import uiLocale from "@univerjs/ui/locale/en-US";

import { PromptController } from "./drawing";
import { FormulaWords } from "./formulas";
import { hiddenMenus } from "./menus";

/** `Controller` says when Univer draws. */
export function startUniver(
  container: HTMLElement,
  dark: boolean,
  Controller: typeof DesktopUIController = PromptController,
): Univer {
  const univer = new Univer({
    theme: defaultTheme,
    darkMode: dark,
    logLevel: LogLevel.ERROR,
    locale: LocaleType.EN_US,
    locales: {
      [LocaleType.EN_US]: mergeLocales(
        designLocale,
        uiLocale,
        docsLocale,
        sheetsLocale,
        sheetsUiLocale,
        formulaUiLocale,
        validationLocale,
        validationUiLocale,
        findLocale,
        filterLocale,
        sortUiLocale,
      ),
    },
  });
  univer.registerPlugin(UniverDocsPlugin);
  univer.registerPlugin(UniverRenderEnginePlugin);
  const page = { container, header: true, toolbar: true, ribbonType: "simple" } as const;
  univer.registerPlugin(UniverUIPlugin, {
    ...page,
    menu: hiddenMenus,
    override: [
      [
        IUIController,
        {
          useFactory: (injector: Injector) => injector.createInstance(Controller, page),
          deps: [Injector],
        },
      ],
    ],
  });
  univer.registerPlugin(UniverDocsUIPlugin);
  univer.registerPlugin(UniverFormulaEnginePlugin);
  univer.registerPlugin(UniverSheetsPlugin);
  univer.registerPlugin(UniverSheetsUIPlugin, {
    formulaBar: true,
    footer: { menus: false },
    clipboardConfig: { hidePasteOptions: true },
    disableForceStringAlert: true,
    disableForceStringMark: true,
  });
  univer.registerPlugin(FormulaWords, {
    initialFormulaComputing: CalculationMode.NO_CALCULATION,
  });
  univer.registerPlugin(UniverSheetsFormulaUIPlugin);
  univer.registerPlugin(UniverDataValidationPlugin);
  univer.registerPlugin(UniverSheetsDataValidationPlugin);
  // Without a search box: it would take the keys of whoever types into the cell.
  univer.registerPlugin(UniverSheetsDataValidationUIPlugin, {
    showEditOnDropdown: false,
    showSearchOnDropdown: false,
  });
  univer.registerPlugin(UniverFindReplacePlugin);
  univer.registerPlugin(UniverSheetsFindReplacePlugin);
  univer.registerPlugin(UniverSheetsFilterPlugin);
  univer.registerPlugin(UniverSheetsFilterUIPlugin);
  univer.registerPlugin(UniverSheetsSortPlugin);
  univer.registerPlugin(UniverSheetsSortUIPlugin);
  return univer;
}

export function injectorOf(univer: Univer): Injector {
  return univer.__getInjector();
}
