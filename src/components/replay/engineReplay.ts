import type {OpenedReplay} from "../../lib/workers/replay.js";
import type {EngineStatus} from "../../lib/wire/trading.js";
import {DataTable} from "../ui/dataTable.js";
import {engineClient, type EngineClient, type EngineLink} from "../engine/engineClient.js";
import {ACCOUNT_UNIT, signed} from "../engine/engineModel.js";
import {DecisionFeed} from "../engine/engineRecords.js";
import {engineHistory, engineStep, openEngineRun, type EngineRecord, type EngineStep} from "./engineRun.js";
import {count, instant, number, plural} from "../ui/format.js";
import {Keys} from "../ui/keys.js";
import type {ReplaySource} from "./replaySource.js";
import {eventWords, openFor} from "./replayWords.js";

const WAIT_MS = 15_000;
const WHY: Readonly<Partial<Record<EngineLink, string>>> = {
  down: "the engine is not running, so its run is not available; start it with npm start or npx carrybook engine --mode paper",
  "no token": "this tab is not signed in to the engine; open the link it printed, or run npx carrybook engine --ticket",
  unknown: "the engine does not answer; reload the page"
};

/** Waits until the connection to the engine is known, at most `WAIT_MS`. */
function linkKnown(client: EngineClient): Promise<EngineLink> {
  return new Promise((resolve) => {
    let unwatch = (): void => {};
    const end = (link: EngineLink): void => {
      clearTimeout(timer);
      queueMicrotask(() => unwatch());
      resolve(link);
    };
    const timer = setTimeout(() => end(client.state.link), WAIT_MS);
    unwatch = client.watch(({link}) => {
      if (link === "up" || link === "down") end(link);
      // Another tab may be about to send the token.
      else if (link === "no token") setTimeout(() => end(client.state.link), 1_500);
    });
  });
}

/** Returns the run of the engine as a source of the Replay. Its data comes from the engine's API and is not stored. */
export function EngineReplay(client: EngineClient = engineClient()): ReplaySource {
  let record: EngineRecord | undefined;
  let run: OpenedReplay | undefined;
  let pairs: readonly string[] = [];
  let levels: ReplaySource["levels"] = [];
  return {
    unit: ACCOUNT_UNIT,
    get pairs() {
      return pairs;
    },
    get levels() {
      return levels;
    },
    texts: {
      rates: "as recorded with each decision; thresholds are the current ones",
      prices: "reference prices of the fills, joined by lines"
    },
    opening: "Loading the engine's run …",
    async open() {
      const link = await linkKnown(client);
      if (link !== "up") throw new Error(WHY[link] ?? WHY.unknown);
      const status = await client.get<EngineStatus>("/status");
      if (!status.account) throw new Error("the engine runs without a trading loop, so it has no run");
      const [trades, positions, decisions, equity, config] = await Promise.all([
        client.get<EngineRecord["trades"]>("/trades?limit=1000"),
        client.get<EngineRecord["positions"]>("/positions"),
        client.get<EngineRecord["decisions"]>("/decisions?limit=1000"),
        client.get<EngineRecord["equity"]>("/equity"),
        client.get<EngineRecord["config"]>("/config")
      ]);
      record = {trades, positions, decisions, equity, config, capital: status.account.capital};
      run = openEngineRun(record);
      pairs = [...new Set(run.events.map((d) => d.pair))].sort();
      if (!pairs.length) pairs = config.pairs;
      levels = [
        {name: "enter", rate: Number(config.settings.minRate)},
        {name: "exit below", rate: Number(config.settings.exitRate)}
      ];
      return run;
    },
    async at(index, pair) {
      if (!record || !run) throw new Error("missing run: a step came before it");
      const step = engineStep(record, run, index);
      return {
        answer: answerOf(step),
        keys: StepFigures(step, run),
        signals: DecisionFeed(step.decisions, {
          caption: "Decisions up to this time, newest first, with the numbers known then",
          param: "signals"
        }),
        book: OpenThen(step),
        history: engineHistory(record, pair, step.ts),
        entryTs: step.hedges.find((d) => d.pair === pair)?.entryTs
      };
    },
    close() {
      record = run = undefined;
    }
  };
}

/** Says in one sentence what happened at an instant. */
function answerOf({ts, events, decided}: EngineStep): string {
  const happened = events.map((d) => eventWords(d, ACCOUNT_UNIT));
  const blocked = decided
    .filter((d) => d.kind === "gated" || d.kind === "refused" || d.kind === "lapse")
    .map((d) => `${d.pair} was not opened: ${d.reason}`);
  const all = [...happened, ...blocked].slice(0, 5);
  const quiet = decided.length
    ? `${plural(decided.length, "decision")}, see below`
    : "only the account value was recorded";
  return `${instant(ts)}: ${all.join("; ") || quiet}.`;
}

const StepFigures = (step: EngineStep, run: OpenedReplay): HTMLElement =>
  Keys([
    {
      label: "Account equity",
      value: number(step.equity, 2),
      unit: ACCOUNT_UNIT,
      note: `${signed(step.equity - run.capital)} since the start`
    },
    {label: "Open hedges", value: count(step.hedges.length), note: `${plural(step.closed, "trade")} closed so far`},
    {label: "Funding so far", value: signed(step.funding, 3), unit: ACCOUNT_UNIT, note: "of open and closed hedges"},
    {label: "Closed trades, net", value: signed(step.realised), unit: ACCOUNT_UNIT, note: "after all costs"}
  ]);

const OpenThen = (step: EngineStep): HTMLElement =>
  DataTable(step.hedges, {
    caption: `Open hedges at this time; money in ${ACCOUNT_UNIT}; costs are those of the entry`,
    nothing: "No hedge is open.",
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
      openFor(step.ts),
      {key: "notional", label: "Notional", value: (d) => d.notional, cell: (d) => number(d.notional, 2)},
      {key: "capital", label: "Capital", value: (d) => d.capital, cell: (d) => number(d.capital, 2)},
      {key: "payments", label: "Payments", value: (d) => d.payments},
      {key: "funding", label: "Funding", value: (d) => d.funding, cell: (d) => signed(d.funding, 3)},
      {key: "costs", label: "Costs so far", value: (d) => d.costs, cell: (d) => number(d.costs, 3)}
    ]
  });
