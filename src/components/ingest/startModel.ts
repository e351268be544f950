import type {EngineLink} from "../engine/engineClient.js";

/** Why this page cannot start a job, and what to type instead. */
export interface Absence {
  words: string;
  commands: string[];
}

/** Known state of the engine when a job is to be started. */
export interface EngineView {
  link: EngineLink;
  /** false on a published site, which has no engine */
  reachable: boolean;
  /** whether the engine's store holds the simulated market; null before its status is known */
  simulated: boolean | null;
}

const START = "Start the engine, open the link that it prints, and start from there. Or fetch without it:";

/**
 * Returns why the engine cannot run a job for a venue or the demo; null when it can.
 * @param command equivalent command
 */
export function absenceOf(
  {link, reachable, simulated}: EngineView,
  {venue, command}: {venue: string; command: string | null}
): Absence | null {
  const own = command === null ? [] : [command];
  const demo = venue === "sim";
  if (!reachable)
    return {words: "This is a published copy of the pages. On the machine that holds the data:", commands: own};
  if (link === "unknown") return {words: "Asking whether an engine runs …", commands: own};
  if (link === "down")
    return demo
      ? {words: "No engine runs. One command fills the demo, builds the pages and starts it:", commands: ["npm start"]}
      : {
          words: `No engine runs. ${START}`,
          commands: [engineCommand(venue), ...own]
        };
  if (link === "no token")
    return {
      words: "The engine runs, but this tab may not give it work yet. Ask it for a link, and open that:",
      commands: ["npx carrybook engine --ticket"]
    };
  if (simulated === true && !demo)
    return {
      words:
        "The engine that runs keeps the simulated market, which never mixes with a venue's. End it and start one for the venue, or fetch beside it:",
      commands: ["npx carrybook stop --demo", engineCommand(venue), ...own]
    };
  return null;
}

/** Returns why the engine cannot fill the demo; an engine of a venue cannot. */
export function demoAbsence(view: EngineView, command: string): Absence | null {
  if (view.link === "up" && view.simulated === false)
    return {
      words: "The engine that runs keeps a venue's history. The demo lies beside it and can be filled meanwhile:",
      commands: [command]
    };
  const absence = absenceOf(view, {venue: "sim", command});
  if (!absence || view.link !== "down" || !view.reachable) return absence;
  return {...absence, commands: ["npm start"]};
}

const engineCommand = (venue: string): string =>
  venue === "bybit" || !/^[a-z0-9]+$/.test(venue) ? "npx carrybook engine" : `npx carrybook engine --venue ${venue}`;
