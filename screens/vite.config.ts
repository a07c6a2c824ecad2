// One page per job: each has its own entry, and shares the chunks of what they have in common.
import { defineConfig } from "vite";

const pages = ["pos", "kitchen", "labels", "haccp", "safety", "alerts", "status", "printers", "layouts", "dashboard"];

export default defineConfig({
  base: "/screens/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    // The content security policy allows nothing inline, so small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: "index.html",
        ...Object.fromEntries(pages.map((page) => [page, `${page}/index.html`])),
      },
    },
  },
});
