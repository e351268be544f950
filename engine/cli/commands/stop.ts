import {setTimeout as wait} from "node:timers/promises";
import {join} from "node:path";
import {CarrybookError, UsageError} from "../../../loaders/errors.js";
import type {EmergencyReport} from "../../api/control.js";
import {EmergencyFlag} from "../../emergency.js";
import {runningEngine} from "../../files.js";
import {EngineClient, findEngine} from "../client.js";
import type {Context} from "../context.js";
import type {Define} from "../main.js";

interface Flags {
  emergency?: boolean;
  close?: boolean;
  keep?: boolean;
}

/** How long the API may take before the signal is sent instead, ms. */
const ANSWER_MS = 2_000;
/** How long a stop in order may take before this command says that it goes on, ms. */
const ORDER_MS = 60_000;

export function stopCommand(define: Define): void {
  define("stop", "stop the engine in order, or close everything at once and halt it", (command, run) =>
    command
      .option("--emergency", "close every position at once, then halt; the engine stays up to tell how it went")
      .option("--close", "close what is open before it ends")
      .option("--keep", "leave open what is open (default: as the engine is configured)")
      .action((flags: Flags) => run((context) => stop(context, flags)))
  );
}

async function stop(context: Context, {emergency, close, keep}: Flags): Promise<number> {
  if (close && keep) throw new UsageError("invalid close: it contradicts --keep", {fix: "give one of the two"});
  const dataDir = whereItRuns(context);
  if (emergency) return emergencyStop(context, dataDir);
  const engine = dataDir === undefined ? undefined : findEngine(dataDir);
  if (!engine) {
    throw new UsageError(`no engine runs on ${context.dataDir}`, {fix: "nothing is to be stopped"});
  }
  const positions = close ? "close" : keep ? "keep" : undefined;
  const {info} = engine;
  await engine.post(
    "/engine/stop",
    positions ? {positions} : {},
    AbortSignal.any([context.signal, AbortSignal.timeout(ANSWER_MS * 5)])
  );
  const until = Date.now() + ORDER_MS;
  while (runningEngine(dataDir!)?.pid === info.pid && Date.now() < until)
    await wait(50, undefined, {signal: context.signal});
  const ended = runningEngine(dataDir!)?.pid !== info.pid;
  context.output.document({pid: info.pid, ended}, () =>
    ended ? `the engine (pid ${info.pid}) has ended` : `the engine (pid ${info.pid}) still ends what is under way`
  );
  return ended ? 0 : 1;
}

/** The data directory whose engine is meant: the one acted on, else its demo. */
function whereItRuns({dataDir, demo}: Context): string | undefined {
  return [dataDir, ...(demo ? [] : [join(dataDir, "demo")])].find((dir) => runningEngine(dir) !== undefined);
}

/**
 * By every road there is: the API; where that does not answer, the signal and the flag, which also stops an engine that
 * hangs or starts later. Says what was done and what was not.
 */
async function emergencyStop({dataDir, output, signal}: Context, running: string | undefined): Promise<number> {
  const dir = running ?? dataDir;
  const info = runningEngine(dir);
  const done: string[] = [];
  let report: EmergencyReport | undefined;
  let refused: CarrybookError | undefined;
  let client: EngineClient | undefined;
  try {
    client = findEngine(dir);
    report = await client?.post<EmergencyReport>(
      "/engine/emergency-stop",
      {},
      AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    );
    if (report) done.push("the engine's API took it");
  } catch (error) {
    if (error instanceof UsageError) refused = error;
    else done.push(`the engine's API did not answer within ${ANSWER_MS / 1_000} s`);
  }
  // In mode data there is nothing to close, and a flag would only halt the next engine that trades.
  if (refused) throw refused;
  if (!report) {
    if (info) {
      try {
        process.kill(info.pid, "SIGUSR2");
        done.push(`SIGUSR2 sent to pid ${info.pid}`);
      } catch (error) {
        done.push(`SIGUSR2 could not be sent to pid ${info.pid}: ${(error as Error).message}`);
      }
    } else done.push(`no engine runs on ${dir}`);
    const flag = EmergencyFlag.open(dir);
    flag.press();
    flag.close();
    done.push("the emergency flag is set: an engine that starts or wakes on this directory stops at once");
  }
  const left = report?.left ?? [];
  output.document(
    {pid: info?.pid ?? null, done: report?.done ?? false, closed: report?.closed ?? [], left, steps: done},
    () => [...done, ...(report ? [summary(report)] : [])].join("\n")
  );
  if (left.length > 0) output.note(`NOT closed: ${left.join(", ")}; look at the venue yourself`, "error");
  return report && left.length === 0 ? 0 : 1;
}

const summary = ({done, closed, left}: EmergencyReport): string =>
  done
    ? `closed ${closed.length}, could not close ${left.length}${left.length > 0 ? `: ${left.join(", ")}` : ""}`
    : "it is under way; `npx carrybook engine --ticket` opens the page that tells how it goes";
