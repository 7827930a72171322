/**
 * The page's beginning: the workbook is asked for before the large script that shows it is read.
 */

import "./page/theme.css";

import { keptTheme, paintTheme } from "./page/theme";
import { Server } from "./protocol/http";
import { snapshotLines } from "./protocol/snapshot";

paintTheme(keptTheme());
const server = new Server(spreadsheetId());
const snapshot = snapshotLines(server.live("snapshot"));
const cover = document.querySelector(".cover");
import("./page/app").then(
  ({ openPage }) => {
    openPage(server, snapshot);
  },
  () => {
    if (cover !== null) cover.textContent = "The page couldn’t be loaded. Load it again.";
  },
);

/** The address is /spreadsheets/d/{id}, perhaps with /edit behind it. */
function spreadsheetId(): string {
  const found = /\/spreadsheets\/d\/([^/]+)/.exec(location.pathname);
  return decodeURIComponent(found?.[1] ?? "");
}
