import {badge} from "./badge.js";
import {h} from "./dom.js";
import type {Issue} from "../feed/types.js";

const KIND = {info: "plain", warning: "warn", critical: "bad"} as const;
const ORDER = {critical: 0, warning: 1, info: 2} as const;

/** Lists the issues of the data, worst first, each with the command that fixes it. */
export function IssueList(issues: readonly Issue[]): HTMLElement {
  if (!issues.length)
    return h("p", {class: "muted"}, "No issues: every series is complete from its first to its last row.");
  return h(
    "ul",
    {class: "issues"},
    [...issues]
      .sort((a, b) => ORDER[a.level] - ORDER[b.level])
      .map(({level, text, fix}) =>
        h("li", {}, badge(level, KIND[level]), ` ${text}`, fix ? [" ", h("code", {}, fix)] : null)
      )
  );
}
