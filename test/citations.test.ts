import {existsSync, readdirSync, readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {describe, expect, it} from "vitest";

const root = join(import.meta.dirname, "..");

interface Text {
  file: string;
  text: string;
}

function sources(dir: string, ending: RegExp): Text[] {
  return readdirSync(join(root, dir), {recursive: true, encoding: "utf8"})
    .filter((name) => ending.test(name) && !name.includes(".observablehq"))
    .map((name) => ({file: join(dir, name), text: readFileSync(join(root, dir, name), "utf8")}))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

const code = ["src", "loaders", "engine", "test"].flatMap((dir) => sources(dir, /\.(ts|js|mjs|css)$/));

/** The comments of a source. A string that holds `//` yields some of itself too, which harms nothing here. */
const commentsOf = (text: string): string[] => text.match(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g) ?? [];

/** The names of tests and groups. */
const namesOf = (text: string): string[] =>
  [...text.matchAll(/\b(?:describe|it)(?:\.each\([\s\S]*?\))?\(\s*["`]([^"`\n]*)/g)].map(([, name]) => name!);

/** The paragraphs that a text cites: `§3`, `§8.14`, `§§2–5`, `§§3, 8.14`, `§8.13, 8.15`. */
function citedIn(text: string): string[] {
  return [...text.matchAll(/§§?(\d+(?:\.\d+)?)((?:(?:–|, )\d+(?:\.\d+)?(?!\d*\s*(?:h|days|rows)\b))*)/g)].flatMap(
    ([whole, first, rest]) => {
      const more = [...rest!.matchAll(/(–|, )(\d+(?:\.\d+)?)/g)];
      return more.reduce<string[]>(
        (list, [, sign, last]) => {
          if (sign === "–") for (let n = Number(list.at(-1)) + 1; n < Number(last); ++n) list.push(String(n));
          else if (!whole.startsWith("§§") && !last!.includes(".")) return list;
          return [...list, last!];
        },
        [first!]
      );
    }
  );
}

const page = readFileSync(join(root, "src/semantics.md"), "utf8");
const headings = [...page.matchAll(/<h[23] id="s([\d-]+)">§([\d.]+) /g)].map(([, id, number]) => ({id, number}));
const paragraphs = new Set(headings.map(({number}) => number!));

describe("the rules are cited as they stand", () => {
  it("each paragraph of src/semantics.md has an anchor of its number", () => {
    expect(headings.length).toBeGreaterThan(20);
    expect(headings.filter(({id, number}) => id !== number!.replace(".", "-"))).toEqual([]);
    expect(paragraphs.size).toBe(headings.length);
  });

  it("every paragraph that a comment cites is there", () => {
    const cited = code.flatMap(({file, text}) =>
      commentsOf(text).flatMap((comment) => citedIn(comment).map((number) => ({file, number})))
    );
    expect(cited.length).toBeGreaterThan(100);
    expect(cited.filter(({number}) => !paragraphs.has(number))).toEqual([]);
  });

  it("every paragraph and trap that the name of a test cites is there, and every trap has a test", () => {
    const names = code.filter(({file}) => file.startsWith("test/")).flatMap(({text}) => namesOf(text));
    const traps = names.flatMap((name) => [...name.matchAll(/\btrap (\d+)/g)].map(([, number]) => `8.${number}`));
    const cited = [...names.flatMap(citedIn), ...traps];
    expect(cited.length).toBeGreaterThan(60);
    expect(cited.filter((number) => !paragraphs.has(number))).toEqual([]);
    expect([...paragraphs].filter((number) => number.startsWith("8.") && !cited.includes(number))).toEqual([]);
  });

  it("no comment cites a document that is not in the repository", () => {
    const foreign = code.flatMap(({file, text}) =>
      commentsOf(text).flatMap((comment) =>
        [
          ...(comment.match(/\b(SEMANTICS|INTERFACES|HAZARDS)\b|\b[A-Z]{4,}\w* §/g) ?? []),
          ...[...comment.matchAll(/(?<![\w/*:.{])([\w./-]+\.md)\b/g)]
            .map(([, path]) => path!)
            .filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, dirname(file), path)))
        ].map((found) => `${file}: ${found}`)
      )
    );
    expect(foreign).toEqual([]);
  });

  it("every page that explains a calculation links to its rules", () => {
    const pages = sources("src", /\.md$/).filter(({text}) => text.includes('class="method"'));
    expect(pages.length).toBeGreaterThan(10);
    const bare = pages.filter(({text}) => !/<div class="method">[\s\S]*\]\(\.\.?\/semantics#s\d/.test(text));
    expect(bare.map(({file}) => file)).toEqual([]);
  });

  it("every anchor of the rules that a page links to is there", () => {
    const anchors = new Set([...page.matchAll(/\bid="([\w-]+)"/g)].map(([, id]) => id!));
    const links = [...sources("src", /\.(md|ts)$/)].flatMap(({file, text}) =>
      [...text.matchAll(/semantics#(s[\w-]+)/g)].map(([, id]) => ({file, id: id!}))
    );
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter(({id}) => !anchors.has(id))).toEqual([]);
  });

  it("lists and ranges of paragraphs are read to their end", () => {
    expect(citedIn("(§§2–5), (§§3, 8.14), (§8.13, 8.15), (§3, evaluated), (§5, 30 periods)")).toEqual(
      "2 3 4 5 3 8.14 8.13 8.15 3 5".split(" ")
    );
  });
});
