import { fileURLToPath } from "node:url";

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
  plugins: [withoutHyphenation(), withAppPreloaded()],
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
