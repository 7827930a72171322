import { fileURLToPath } from "node:url";

import { all, letters, punctuations } from "cjk-regex";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Patterns for breaking words of eighty languages: cells don't break words, and it is 5 MB. */
function withoutHyphenation(): Plugin {
  const nothing = "\0without-hyphenation";
  return {
    name: "without-hyphenation",
    enforce: "pre",
    resolveId: (source, importer) =>
      importer?.includes("/engine-render/") && /^\.\/[a-z0-9-]+-[\w-]{8}\.js$/.test(source)
        ? nothing
        : null,
    load: (id) => (id === nothing ? "export default {}" : null),
  };
}

/** What Univer's drawing would load, or work out, at the start of each page. */
const INSTEAD: Readonly<Record<string, () => string>> = {
  // Expressions from tables of all of Unicode: they are the same each time.
  "cjk-regex": () =>
    Object.entries({ all, letters, punctuations })
      .map(([name, set]) => `export const ${name} = () => ({ toRegExp: () => ${String(set().toRegExp())} });`)
      .join("\n"),
  // The language of a text, to break its words.
  "franc-min": () => "export const franc = () => 'und';",
  // The shapes of letters in the machine's own fonts, for which nobody is asked.
  "opentype.js": () => "export const parse = () => ({ stringToGlyphs: () => [] });",
};

function lighter(): Plugin {
  const mark = "\0instead-of-";
  return {
    name: "lighter",
    enforce: "pre",
    apply: (_, { mode }) => mode !== "bare", // Univer alone is measured as its makers ship it
    resolveId: (source) => (source in INSTEAD ? mark + source : null),
    load: (id) => (id.startsWith(mark) ? INSTEAD[id.slice(mark.length)]?.() : null),
  };
}

/**
 * Now and then Univer scrolls its bar of tabs to one that isn't among the bar's items. It does
 * nothing then but write an error into the console, and it isn't known how it comes to that.
 */
function withoutFalseAlarm(): Plugin {
  const alarm = 'console.error("Index out of bounds");';
  return {
    name: "without-false-alarm",
    transform: (code, id) => {
      if (!id.includes("/@univerjs/sheets-ui/lib/es/index.js")) return null;
      if (!code.includes(alarm)) throw new Error(`Univer doesn't say ${alarm} any more.`);
      return code.replace(alarm, "");
    },
  };
}

/** The large script is asked for by the page itself, not only by the small one that begins it. */
function withAppPreloaded(): Plugin {
  return {
    name: "with-app-preloaded",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle = {} }) =>
        Object.values(bundle)
          .filter((part) => part.type === "chunk" && part.isDynamicEntry && part.name === "app")
          .map(({ fileName }) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `/static/${fileName}` },
            injectTo: "head",
          })),
    },
  };
}

export default defineConfig({
  base: "/static/",
  plugins: [withoutHyphenation(), lighter(), withoutFalseAlarm(), withAppPreloaded()],
  build: {
    outDir: fileURLToPath(new URL("../src/gsheet_ml_scheduler/server/static", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 10_000,
    reportCompressedSize: false,
    rolldownOptions: {
      // A name that can't be found is an error, not something to load from somewhere.
      onLog: (level, log, handle) => {
        if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log);
      },
    },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
