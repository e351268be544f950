import type {EngineLink} from "../engine/engineClient.js";

/** Why this page cannot start a job, and what to type instead. */
interface Absence {
  message: string;
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

const START = "Start the engine and open the link that it prints, or fetch without an engine:";

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
    return {
      message: "This is a published copy of the pages. Run this on the machine that has the data:",
      commands: own
    };
  if (link === "unknown") return {message: "Looking for an engine …", commands: own};
  if (link === "down")
    return demo
      ? {
          message: "No engine is running. This command fills the demo, builds the pages and starts the engine:",
          commands: ["npm start"]
        }
      : {
          message: `No engine is running. ${START}`,
          commands: [engineCommand(venue), ...own]
        };
  if (link === "no token")
    return {
      message: "The engine is running, but this tab is not signed in. Get a link with this command and open it:",
      commands: ["npx carrybook engine --ticket"]
    };
  if (simulated === true && !demo)
    return {
      message:
        "The running engine uses the simulated market, which never mixes with a venue's data. Stop it and start one for the venue, or fetch without an engine:",
      commands: ["npx carrybook stop --demo", engineCommand(venue), ...own]
    };
  return null;
}

/** Returns why the engine cannot fill the demo; an engine of a venue cannot. */
export function demoAbsence(view: EngineView, command: string): Absence | null {
  if (view.link === "up" && view.simulated === false)
    return {
      message:
        "The running engine uses a venue's history. The demo has its own data and can be filled at the same time:",
      commands: [command]
    };
  const absence = absenceOf(view, {venue: "sim", command});
  if (!absence || view.link !== "down" || !view.reachable) return absence;
  return {...absence, commands: ["npm start"]};
}

const engineCommand = (venue: string): string =>
  venue === "bybit" || !/^[a-z0-9]+$/.test(venue) ? "npx carrybook engine" : `npx carrybook engine --venue ${venue}`;
