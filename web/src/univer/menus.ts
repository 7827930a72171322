/**
 * Which of Univer's menus are left out: what the Sheets API or a run sheet has no place for.
 */

const HIDDEN = [
  // Undo and redo are ours: they know what others did meanwhile.
  "univer.command.undo",
  "univer.command.redo",
  "sheet.command.set-once-format-painter",
  "sheet.command.set-range-font-family",
  "sheet.command.set-border-basic",
  "sheet.command.set-border",
  "sheet.command.set-text-rotation",
  "sheet.command.add-worksheet-merge",
  "sheet.command.remove-worksheet-merge",
  "sheet.menu.insert-shape",
  "sheet.menu.paste-special",
  "sheet.contextMenu.permission",
  "sheet.command.add-range-protection-from-sheet-bar",
  "sheet.command.delete-worksheet-protection-from-sheet-bar",
  "sheet.command.change-sheet-protection-from-sheet-bar",
  "sheet.command.view-sheet-permission-from-sheet-bar",
  "sheet.command.insert-range-move-down-confirm",
  "sheet.command.insert-range-move-right-confirm",
  "sheet.command.delete-range-move-left-confirm",
  "sheet.command.delete-range-move-up-confirm",
  "sheet.menu.cell-insert-shift",
  "sheet.menu.cell-delete-shift",
  "sheet.command.copy-sheet",
  "sheet.command.copy-worksheet",
  "sheet.command.set-range-subscript",
  "sheet.command.set-range-superscript",
  "data-validation.operation.open-validation-panel",
  "sheet.menu.data-validation",
  ...[
    "common",
    "financial",
    "logical",
    "text",
    "date",
    "lookup",
    "math",
    "statistical",
    "engineering",
    "information",
    "database",
  ].map((kind) => `formula-ui.operation.insert-function.${kind}`),
];

export const hiddenMenus = Object.fromEntries(HIDDEN.map((id) => [id, { hidden: true }]));
