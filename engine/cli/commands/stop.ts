import {existsSync} from "node:fs";
import {setTimeout as wait} from "node:timers/promises";
import {join} from "node:path";
import {UsageError, type CarrybookError} from "../../../loaders/errors.js";
import {
  isOutsideLedger,
  legsText,
  mayBeOpen,
  remainingTexts,
  type EmergencyReport,
  type Remainder
} from "../../../src/lib/wire/emergency.js";
import type {EngineStatus} from "../../../src/lib/wire/trading.js";
import {secretEnvironment} from "../../config/secrets.js";
import {EmergencyFlag} from "../../process/emergency.js";
import {closedText, type StopReport} from "../../execution/venue.js";
import {runningEngine, type EngineInfo} from "../../files.js";
import {findEngine, type EngineClient} from "../client.js";
import type {Context} from "../context.js";
import type {Define} from "../define.js";

interface Flags {
  emergency?: boolean;
  close?: boolean;
  keep?: boolean;
}

/** Timeout of the API before the signal is sent instead, ms. */
const ANSWER_MS = 2_000;
/** Time to wait for the report of an accepted emergency stop, ms, and the polling interval. */
const REPORT_MS = 30_000;
const POLL_MS = 300;
/** Time to wait for a clean stop before reporting that it continues, ms. */
const ORDER_MS = 60_000;

export function stopCommand(define: Define): void {
  define("stop", "stop the engine cleanly, or close everything at once and halt it", (command, run) =>
    command
      .option("--emergency", "close every position at once, then halt; the engine stays up to report the result")
      .option("--close", "close open hedges before stopping")
      .option("--keep", "keep hedges open (default: the engine's configuration)")
      .addHelpText(
        "after",
        `
An engine that hangs or is not running cannot close a live hedge. If a live engine has traded and CARRYBOOK_API_KEY and
CARRYBOOK_API_SECRET are set, \`stop --emergency\` then acts on the venue directly: it cancels every order of the account,
buys back every short and sells the coins of the journal's hedges. It exits with 0 only when nothing is left open.`
      )
      .action((flags: Flags) => run((context) => stop(context, flags)))
  );
}

async function stop(context: Context, {emergency, close, keep}: Flags): Promise<number> {
  if (close && keep) throw new UsageError("invalid close: it conflicts with --keep", {fix: "give only one of them"});
  const dataDir = runningDir(context);
  if (emergency) return emergencyStop(context, dataDir);
  const engine = dataDir === undefined ? undefined : findEngine(dataDir);
  if (!engine) {
    throw new UsageError(`no engine runs on ${context.dataDir}`, {fix: "none needed: there is nothing to stop"});
  }
  const positions = close ? "close" : keep ? "keep" : undefined;
  const {info} = engine;
  await within(ANSWER_MS * 5, context.signal, (signal) =>
    engine.post("/engine/stop", positions ? {positions} : {}, signal)
  );
  const until = Date.now() + ORDER_MS;
  while (runningEngine(dataDir!)?.pid === info.pid && Date.now() < until)
    await wait(50, undefined, {signal: context.signal});
  const ended = runningEngine(dataDir!)?.pid !== info.pid;
  context.output.document({pid: info.pid, ended}, () =>
    ended ? `the engine (pid ${info.pid}) has stopped` : `the engine (pid ${info.pid}) is still finishing running work`
  );
  return ended ? 0 : 1;
}

/** Returns the folder of the live journal; undefined where no live engine has traded. */
function liveJournal(dataDir: string): string | undefined {
  const dir = join(dataDir, "journal", "live");
  return existsSync(dir) ? dir : undefined;
}

/** Returns the data directory with a running engine: the given one, else its demo. */
function runningDir({dataDir, demo}: Context): string | undefined {
  return [dataDir, ...(demo ? [] : [join(dataDir, "demo")])].find((dir) => runningEngine(dir) !== undefined);
}

/**
 * Tries the API, then SIGUSR2 and the flag file, then the venue itself if a live engine has traded.
 * The flag also stops an engine that hangs now or starts later. Reports what was and was not closed.
 */
async function emergencyStop(context: Context, running: string | undefined): Promise<number> {
  const {dataDir, demo, output} = context;
  const dir = running ?? [dataDir, ...(demo ? [] : [join(dataDir, "demo")])].find(liveJournal) ?? dataDir;
  const info = runningEngine(dir);
  const done: string[] = [];
  const client = clientOf(dir, done);
  const report = client && (await askEngine(client, context, done));
  let stopped: StopReport | undefined;
  if (!report) {
    const journal = liveJournal(dir);
    // The venue first: neither the signal nor the disk may delay it.
    const acting = journal === undefined ? undefined : atVenue(journal, context, done);
    signalAndFlag(dir, info, done);
    stopped = await acting;
  }
  const remaining = stopped?.remaining ?? report?.remaining ?? [];
  const left = stopped ? remainingTexts(remaining) : (report?.left ?? []);
  const flat = (stopped?.flat ?? report?.done ?? false) && left.length === 0;
  const pairs = stopped && venuePairs(stopped);
  const closed = pairs?.map(({pair}) => pair).filter((pair) => !mayBeOpen(pair, remaining)) ?? report?.closed ?? [];
  output.document(
    {pid: info?.pid ?? null, done: flat, closed, left, remaining, steps: done, ...(pairs && {venue: pairs})},
    () => [...done, ...(report ? [summary(report)] : []), ...(pairs?.map(pairLine) ?? [])].join("\n")
  );
  if (left.length > 0) output.note(`NOT closed: ${left.join("; ")}. Check the venue yourself.`, "error");
  return flat ? 0 : 1;
}

/**
 * Runs `ask` with a timeout. Keeps its own timer: a composite of `AbortSignal.timeout` may be collected before it fires,
 * and the command would then wait five minutes for a hung engine.
 */
async function within<T>(ms: number, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const end = () => own.abort(signal.reason);
  const timer = setTimeout(() => own.abort(new Error(`no answer within ${ms} ms`)), ms);
  signal.addEventListener("abort", end, {once: true});
  try {
    return await ask(own.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

function clientOf(dir: string, done: string[]): EngineClient | undefined {
  try {
    return findEngine(dir);
  } catch (error) {
    done.push((error as Error).message);
    return undefined;
  }
}

/**
 * Sends the stop to the engine and waits for its result.
 * @throws UsageError in mode data: nothing is open, and a flag would only halt the next trading engine
 */
async function askEngine(
  client: EngineClient,
  {signal}: Context,
  done: string[]
): Promise<EmergencyReport | undefined> {
  let report: EmergencyReport;
  try {
    report = await within(ANSWER_MS, signal, (own) => client.post<EmergencyReport>("/engine/emergency-stop", {}, own));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    done.push(`the engine's API did not answer within ${ANSWER_MS / 1_000} s`);
    return undefined;
  }
  done.push("the engine's API accepted the emergency stop");
  // An engine of an earlier version sends no codes.
  const outside = (report.remaining ?? []).filter(isOutsideLedger);
  let closing = !report.done;
  for (const until = Date.now() + REPORT_MS; closing && Date.now() < until;) {
    await wait(POLL_MS, undefined, {signal});
    const status = await within(ANSWER_MS, signal, (own) => client.get<EngineStatus>("/status", own)).catch(
      () => undefined
    );
    if (!status?.emergency) continue;
    const {ts, left, done} = status.emergency;
    const hedges = left.map((pair): Remainder => ({code: "hedge", pair}));
    const remaining = [...hedges, ...outside];
    report = {...report, ts, done: done && outside.length === 0, left: remainingTexts(remaining), remaining};
    closing = !done;
  }
  return report;
}

function signalAndFlag(dir: string, info: EngineInfo | undefined, done: string[]): void {
  if (info) {
    try {
      process.kill(info.pid, "SIGUSR2");
      done.push(`SIGUSR2 sent to pid ${info.pid}`);
    } catch (error) {
      done.push(`SIGUSR2 could not be sent to pid ${info.pid}: ${(error as Error).message}`);
    }
  } else done.push(`no engine runs on ${dir}`);
  try {
    const flag = EmergencyFlag.open(dir);
    flag.press();
    flag.close();
    done.push("the emergency flag is set: an engine that starts or recovers on this directory stops at once");
  } catch (error) {
    done.push(`the emergency flag could not be set: ${(error as Error).message}`);
  }
}

/** Flattens the account at the venue. Never throws: a failure is part of the report. */
async function atVenue(
  journal: string,
  {signal, output, invocation}: Context,
  done: string[]
): Promise<StopReport | undefined> {
  try {
    const env = secretEnvironment(invocation.env, invocation.cwd);
    const {stopWithoutEngine} = await import("../venue-stop.js");
    const report = await stopWithoutEngine(journal, {env, signal, say: (line) => output.note(line)});
    done.push(report.flat ? "acted on the venue directly: nothing is left" : "acted on the venue directly");
    return report;
  } catch (error) {
    const {message, fix} = error as CarrybookError;
    const rest: Remainder = {code: "not-attempted", message, fix: fix ?? null};
    done.push(...remainingTexts([rest]));
    return {pairs: [], remaining: [rest], flat: false, fills: []};
  }
}

/** A pair's result at the venue as texts. */
interface VenuePair {
  pair: string;
  closed: string[];
  left: string | null;
}

const venuePairs = ({pairs, remaining}: StopReport): VenuePair[] =>
  pairs.map(({pair, closed}) => ({pair, closed: closed.map(closedText), left: legsText(pair, remaining)}));

const pairLine = ({pair, closed, left}: VenuePair): string =>
  `${pair}: ${[...closed, ...(left === null ? [] : [left])].join("; ")}`;

const summary = ({done, closed, left}: EmergencyReport): string =>
  done || left.length > 0
    ? `closed ${closed.length}, could not close ${left.length}${left.length > 0 ? `: ${left.join(", ")}` : ""}`
    : "in progress; `npx carrybook engine --ticket` prints a link to the page that shows it";
