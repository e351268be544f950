import {existsSync, readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";

const root = join(import.meta.dirname, "..");
const DOCUMENTS = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"];

/** Folders of the repository that a path may begin with. */
const TOP = /^(src|loaders|engine|test)\//;
const TOP_FILE = /^([A-Z]+\.md|package\.json|observablehq\.config\.ts|carrybook\.config\.(schema|example)\.json)$/;
/** Names of one's own that the text asks a reader to make. */
const INVENTED = /\/my-[\w-]+\./;

/** What is linked, or is written in backticks and looks like a path of the repository; a fenced block is not prose. */
function pathsOf(text: string): string[] {
  const prose = text.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, "");
  const quoted = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
  const linked = [...prose.matchAll(/\]\((?!\w+:)([^)#]+)[^)]*\)/g)].map(([, path]) => path!);
  return [...linked, ...quoted.filter((code) => (TOP.test(code) || TOP_FILE.test(code)) && !INVENTED.test(code))];
}

const missing = (text: string): string[] => pathsOf(text).filter((path) => !existsSync(join(root, path)));

describe("the documents name what is there", () => {
  it.each(DOCUMENTS)("every path that %s names exists", (document) => {
    expect(missing(readFileSync(join(root, document), "utf8"))).toEqual([]);
  });

  it("ARCHITECTURE.md names every room of every wing and fits in 200 lines", () => {
    const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(200);
    const rooms = ["src/lib", "src/components", "loaders", "engine"].flatMap((wing) =>
      readdirSync(join(root, wing), {withFileTypes: true})
        .filter((entry) => entry.isDirectory() || entry.name.endsWith(".ts"))
        .map(({name}) => `${wing}/${name}`)
    );
    expect(rooms.length).toBeGreaterThan(50);
    expect(rooms.filter((room) => !pathsOf(text).includes(room))).toEqual([]);
  });

  it("README.md fits in 120 lines", () => {
    const text = readFileSync(join(root, "README.md"), "utf8");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  });

  it("a path that is not there is found, one in a block or to be made is not", () => {
    expect(
      missing(
        "see `src/gone.ts`, [it](src/away.md#s1), `src/style.css`\n```sh\nls `src/lost.ts`\n```\n`src/notes/my-page.md`"
      )
    ).toEqual(["src/away.md", "src/gone.ts"]);
  });
});
