/**
 * The page's beginning: which workbook, and what is put where.
 */

import { createRoot } from "react-dom/client";

import { App } from "./page/app";
import "./page/theme.css";

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App />);
