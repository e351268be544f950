import {UsageError} from "../../loaders/errors.js";

/** Maximum nesting; no request of the API needs more. */
const DEEPEST = 16;

/**
 * Parses untrusted JSON more strictly than `JSON.parse`. It rejects invalid UTF-8, deep nesting, duplicate keys,
 * prototype keys and non-finite numbers.
 * @throws UsageError naming the fault
 */
export function readJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", {fatal: true}).decode(bytes);
  } catch {
    throw refuse("not UTF-8");
  }
  scan(text);
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (typeof value === "number" && !Number.isFinite(value))
        throw refuse(`a number out of range at ${key || "root"}`);
      return value;
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw refuse("not JSON");
  }
}

const refuse = (why: string): UsageError =>
  new UsageError(`invalid body: ${why}`, {fix: "send one JSON object in UTF-8, each key once"});

const UNSAFE = new Set(["__proto__", "constructor", "prototype"]);

/** Checks nesting and keys only; malformed JSON is left to the parser. */
function scan(text: string): void {
  // Keys seen in each open object; undefined for an open array.
  const open: (Set<string> | undefined)[] = [];
  let keyNext = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") {
      if (open.push(c === "{" ? new Set() : undefined) > DEEPEST) throw refuse(`nested deeper than ${DEEPEST}`);
      keyNext = c === "{";
    } else if (c === "}" || c === "]") {
      open.pop();
      keyNext = false;
    } else if (c === ",") keyNext = open.at(-1) !== undefined;
    else if (c === '"') {
      const start = i;
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
      if (!keyNext) continue;
      keyNext = false;
      const key = keyOf(text.slice(start, i + 1));
      const seen = open.at(-1)!;
      if (UNSAFE.has(key)) throw refuse(`key ${key}`);
      if (seen.has(key)) throw refuse(`duplicate key ${key.slice(0, 40)}`);
      seen.add(key);
    }
  }
}

function keyOf(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    throw refuse("not JSON");
  }
}
