import {listPairs, listSeries} from "./loaders/snapshots/index.js";

const data = process.env.CARRYBOOK_DATA || "data";

// Pages must still open when the lake cannot be read; they then show the command that helps.
function readable(list: (data: string) => string[]): string[] {
  try {
    return list(data);
  } catch (error) {
    console.error(`cannot read the lake: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

const pairs = () => readable(listPairs);

const icon =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2a5db0"/>' +
      '<path d="M3 8h10M5 8V4M8 8V3M11 8v4" stroke="#fff" stroke-width="1.6" stroke-linecap="round"/></svg>'
  );

// The build adds accessible names to Framework's HTML; in preview this script does the same.
const named = `<script>document.documentElement.lang = "en"; addEventListener("DOMContentLoaded", () => {
  document.querySelector("#observablehq-sidebar-toggle")?.setAttribute("aria-label", "Toggle sidebar");
  document.querySelector("#observablehq-sidebar")?.setAttribute("aria-label", "Pages");
  document.querySelector("#observablehq-search input")?.setAttribute("aria-label", "Search pages");
});</script>`;

// In preview, pages and engine are served from two ports; the engine itself serves a built site.
const port = Number(process.env.CARRYBOOK_ENGINE_PORT) || 8321;
const preview = `${named}\n<meta name="carrybook-engine" content="http://127.0.0.1:${port}">`;

export default {
  root: "src",
  output: process.env.CARRYBOOK_DIST || "dist",
  title: "Carrybook",
  style: "style.css",
  globalStylesheets: [],
  head: `<link rel="icon" href="${icon}">\n<meta name="color-scheme" content="light dark">${process.env.CARRYBOOK_DEV ? `\n${preview}` : ""}`,
  toc: false,
  pager: false,
  search: {
    async *index() {
      for (const slug of pairs()) {
        const name = slug.replace("-", "/");
        yield {
          path: `/pairs/${slug}`,
          title: name,
          text: `${name} funding basis pair`,
          keywords: slug.replace("-", " ")
        };
      }
    }
  },
  pages: [
    {
      name: "Research",
      pages: [
        {name: "Overview", path: "/"},
        {name: "Explorer", path: "/explorer"},
        {name: "Pairs", path: "/pairs"},
        {name: "Distributions", path: "/distributions"}
      ]
    },
    {
      name: "Strategy",
      pages: [
        {name: "Builder", path: "/builder"},
        {name: "Replay", path: "/replay"},
        {name: "Decision", path: "/decision"}
      ]
    },
    {
      name: "Operations",
      pages: [
        {name: "Get started", path: "/start"},
        {name: "Data", path: "/data"},
        {name: "Engine", path: "/engine"}
      ]
    },
    {
      name: "Notes",
      pages: [
        {name: "About notes", path: "/notes/"},
        {name: "The rules", path: "/semantics"},
        {name: "How to write an analysis", path: "/notes/how-to-write-an-analysis"},
        {name: "From paper to a live hedge", path: "/notes/first-live-hedge"},
        {name: "SQL over the tables", path: "/notes/sql-over-the-tables"},
        {name: "Fundamentals of perpetual futures", path: "/notes/fundamentals-of-perpetual-futures"}
      ]
    },
    {
      name: "Reference",
      pages: [
        {name: "Commands", path: "/reference/commands"},
        {name: "Configuration", path: "/reference/configuration"},
        {name: "The lake", path: "/reference/lake"},
        {name: "The engine's API", path: "/reference/engine-api"},
        {name: "Live trading", path: "/reference/live"},
        {name: "Troubleshooting", path: "/reference/troubleshooting"},
        {name: "Measured", path: "/reference/measured"}
      ]
    }
  ],
  dynamicPaths: async function* () {
    for (const slug of pairs()) yield `/pairs/${slug}`;
    // Single histories keep a plain address: pages fetch them on demand, and a file attachment must be literal.
    for (const path of readable(listSeries)) yield `/series/${path}`;
  },
  interpreters: {".ts": [process.execPath, "--no-warnings=ExperimentalWarning", "--import", "tsx"]},
  // Offline: DuckDB in a page carries its JSON and Parquet readers itself or does without.
  duckdb: {extensions: {json: null, parquet: null}},
  footer:
    "Carrybook shows what happened. It does not know what will: funding turns, legs fail, margin is lost. " +
    "Nothing here is advice, and past carry is no promise."
};
