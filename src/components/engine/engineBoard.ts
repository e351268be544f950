import {badge} from "../ui/badge.js";
import {h} from "../ui/dom.js";
import {BooksTable} from "./engineBooks.js";
import type {EngineClient, EngineState} from "./engineClient.js";
import {EngineCommands} from "./engineCommands.js";
import {followEngine, type EngineData} from "./engineData.js";
import {ACCOUNT_UNIT, accountFigures, engineAnswer, equityCurve, shortAge} from "./engineModel.js";
import {OpportunityTable, PositionTable} from "./enginePositions.js";
import {CycleSteps, DecisionFeed, FiredTable, NotificationTable, RiskTable} from "./engineRecords.js";
import {EngineSettingsForm} from "./engineSettingsForm.js";
import {EquityChart, type TradeMark} from "../charts/equityChart.js";
import {count, instant, percent, span} from "../ui/format.js";
import {Keys} from "../ui/keys.js";
import {LiveFigure} from "../ui/liveFigure.js";
import {SteadyBlock} from "../ui/steadyBlock.js";
import {TradeList} from "../run/tradeList.js";
import {Ticking} from "../ui/ticking.js";

/** Returns the URL of the Replay for a trade of the engine; without one, for the whole run. */
const replayLink = (trade?: string): string =>
  `./replay?run=paper${trade === undefined ? "" : `&trade=${encodeURIComponent(trade)}`}`;

/** A venue whose clock differs by more than this has its own time, as a simulated one may, ms. */
const OWN_CLOCK_MS = 300_000;

/** Draws the account while the engine is up. */
export function EngineBoard(client: EngineClient): {
  element: HTMLElement;
  update: (state: EngineState) => void;
  close: () => void;
} {
  let venueAhead = 0;
  let heardTs: number | null = null;
  /** estimate of the venue's clock, UTC ms */
  const venueNow = () => Date.now() + venueAhead;

  const problem = h("p", {class: "problem", role: "alert"});
  const answer = SteadyBlock<EngineData>(
    (d) => h("p", {class: "answer", "aria-live": "polite"}, engineAnswer(d.status, d.positions)),
    (d) => engineAnswer(d.status, d.positions)
  );
  const pulse = SteadyBlock<EngineData["status"]>(
    (status) => Pulse(status, () => heardTs),
    ({mode, state, venue, simulated, dryRun, blockedBy, cycle}) =>
      JSON.stringify([mode, state, venue, simulated, dryRun, blockedBy, cycle])
  );
  const commands = EngineCommands(client);
  const keys = SteadyBlock<EngineData>(
    (d) => {
      const figures = accountFigures(d.status, Date.now());
      if (!figures) return null;
      const today = Number(d.status.account!.today);
      return Keys([
        {label: "Account equity", unit: ACCOUNT_UNIT, ...figures.equity},
        {
          label: "Since 00:00 UTC",
          unit: ACCOUNT_UNIT,
          tone: today > 0 ? "earned" : today < 0 ? "paid" : null,
          ...figures.today
        },
        {label: "Free capital", unit: ACCOUNT_UNIT, ...figures.free},
        {label: "Open hedges", ...figures.hedges}
      ]);
    },
    (d) => JSON.stringify([d.status.account, d.status.startedTs])
  );
  const positions = SteadyBlock<EngineData["positions"]>((d) => PositionTable(d, venueNow));
  const equity = LiveFigure<EngineData>(
    (d, width) =>
      EquityChart([{name: "equity", curve: equityCurve(d.equity)!}], {
        width,
        height: 240,
        capital: Number(d.status.account!.capital),
        unit: ACCOUNT_UNIT,
        trades: marksOf(d)
      }),
    {
      title: "Account equity",
      subtitle: () =>
        `In ${ACCOUNT_UNIT}, UTC, both legs marked at the newest quotes. ○ opened, ▲ closed with a gain, ▼ with a loss; grey line: capital.`,
      height: 240,
      nothing: (d) => (d.equity.length > 1 && d.status.account ? null : "The chart starts after the first full hour.")
    }
  );
  const opportunities = SteadyBlock<EngineData["opportunities"]>((d) => OpportunityTable(d, venueNow));
  const decisions = SteadyBlock<EngineData["decisions"]>((d) => DecisionFeed(d));
  const risk = SteadyBlock<EngineData["risk"]>(
    (d) => [RiskTable(d.rules), FiredTable(d)],
    ({rules, fired}) => JSON.stringify([rules, fired])
  );
  const books = SteadyBlock<Pick<EngineData, "reconciliation">>((d) => BooksTable(d.reconciliation));
  const alarm = SteadyBlock<EngineData>(
    (d) => Alarm(d),
    (d) => JSON.stringify([d.status.state, d.status.why, unhedgedOf(d)])
  );
  const trades = SteadyBlock<EngineData["trades"]>(
    (d) => [
      d.length
        ? h(
            "p",
            {class: "subtitle"},
            "Click the opening time of a trade to replay it, or ",
            h("a", {href: replayLink()}, "replay the whole run"),
            "."
          )
        : null,
      TradeList(d, {
        unit: ACCOUNT_UNIT,
        nothing: "No trade has been closed yet.",
        onOpen: (trade) => location.assign(new URL(replayLink(trade.id), location.href))
      })
    ],
    (d) => d.map(({id}) => id).join()
  );
  const settings = EngineSettingsForm(client);
  const rules = SteadyBlock<EngineData["config"]>((d) => StrategyInForce(d));
  const notes = SteadyBlock<EngineData["notifications"]>((d) => NotificationTable(d));
  const steps = SteadyBlock<EngineData["status"]["cycle"]>((d) => CycleSteps(d));

  const close = followEngine(
    client,
    (d) => {
      problem.textContent = "";
      if (d.status.venueTs !== null) {
        // The venue's time arrives up to one cycle late. It is followed only when the venue has its own clock, as a
        // simulated one may.
        const ahead = d.status.venueTs - Date.now();
        venueAhead = Math.abs(ahead) < OWN_CLOCK_MS ? 0 : venueAhead === 0 ? ahead : Math.max(venueAhead, ahead);
      }
      answer.update(d);
      pulse.update(d.status);
      commands.update({status: d.status, positions: d.positions});
      keys.update(d);
      positions.update(d.positions);
      equity.update(d);
      opportunities.update(d.opportunities);
      decisions.update(d.decisions);
      risk.update(d.risk);
      books.update(d);
      alarm.update(d);
      trades.update(d.trades);
      settings.update(d.config);
      rules.update(d.config);
      notes.update(d.notifications);
      steps.update(d.status.cycle);
    },
    (error) => (problem.textContent = `the account could not be read: ${error.message}; retrying`)
  );
  const part = (title: string, ...children: (HTMLElement | string)[]) =>
    h("section", {}, h("h2", {}, title), ...children);
  return {
    element: h(
      "div",
      {},
      h("div", {class: "frame frame--engine-answer"}, pulse.element, alarm.element, answer.element, problem),
      commands.element,
      h("div", {class: "frame frame--keys"}, keys.element),
      part("Open hedges", positions.element),
      h("div", {class: "frame", style: "--h: 330px"}, equity.element),
      part("Opportunities", opportunities.element),
      part("Risk", risk.element),
      part("Reconciliation", books.element),
      part("Decisions", decisions.element),
      part("Closed trades", trades.element),
      part("Settings", settings.element, rules.element),
      part("Log", notes.element, steps.element)
    ),
    update: (state) => (heardTs = state.heardTs),
    close
  };
}

/** Draws the status line: mode, state, venue, heartbeat, cycle, and what the engine waits for. */
function Pulse(
  {mode, state, venue, origin, simulated, dryRun, version, blockedBy, cycle}: EngineData["status"],
  lastEventTs: () => number | null
): HTMLElement {
  const bad = state === "halted";
  return h(
    "div",
    {class: "pulse"},
    modeBadge({mode, simulated, dryRun}),
    badge(state, bad ? "bad" : state === "running" ? "good" : "warn"),
    simulated ? badge("simulated venue", "warn", origin) : badge(venue, "plain", origin),
    h(
      "span",
      {},
      "heartbeat ",
      Ticking((now) => (lastEventTs() === null ? "–" : shortAge(now - lastEventTs()!)))
    ),
    h(
      "span",
      {title: cycle.lastTs === null ? null : instant(cycle.lastTs)},
      `cycle ${count(cycle.number)}`,
      cycle.lastTs === null ? "" : Ticking((now) => `, ${shortAge(now - cycle.lastTs!)}`),
      cycle.lastMs === null ? "" : `, took ${count(cycle.lastMs)} ms`
    ),
    h("span", {class: "muted"}, `version ${version}`),
    blockedBy
      ? h(
          "span",
          {class: "blocked"},
          `waiting for ${blockedBy.what} `,
          h("progress", {
            max: 1,
            value: blockedBy.progress,
            "aria-label": `progress of ${blockedBy.what}`
          }),
          blockedBy.progress === null ? "" : ` ${percent(blockedBy.progress, 0)}`,
          blockedBy.etaMs === null ? "" : `, about ${span(blockedBy.etaMs)}`
        )
      : null
  );
}

/** Shows what is at stake: real money, an account at a simulated venue, a dry run, or paper. */
export function modeBadge({
  mode,
  simulated,
  dryRun
}: Pick<EngineData["status"], "mode" | "simulated" | "dryRun">): HTMLElement {
  if (mode === "live" && dryRun) return badge("live · dry run", "warn", "orders are shown but not sent");
  if (mode === "live")
    return badge(
      simulated ? "LIVE · simulated account" : "LIVE · real money",
      "bad",
      "orders are sent to the venue and change the account"
    );
  return badge(mode, "plain", mode === "paper" ? "orders are simulated at the venue's quotes" : `mode ${mode}`);
}

const unhedgedOf = ({positions}: Pick<EngineData, "positions">): string[] =>
  positions.filter((d) => d.naked).map((d) => d.pair);

/** Warns of a halted engine or an unhedged leg; null otherwise. */
export function Alarm({status: {state, why}, positions}: Pick<EngineData, "status" | "positions">): HTMLElement | null {
  const unhedged = unhedgedOf({positions});
  if (state !== "halted" && unhedged.length === 0) return null;
  return h(
    "p",
    {class: "banner banner--critical", role: "alert"},
    [
      ...(unhedged.length ? [`${unhedged.join(", ")}: one leg is unhedged. Check the account at the venue.`] : []),
      ...(state === "halted"
        ? [`HALTED: ${why.replace(/\.$/, "")}. The engine opens no hedge until you resume it.`]
        : [])
    ].join(" ")
  );
}

const marksOf = ({trades, positions}: EngineData): TradeMark[] => [
  ...trades.flatMap((d) => [
    {pair: d.pair, ts: d.entryTs, net: undefined},
    {pair: d.pair, ts: d.exitTs, net: Number(d.net)}
  ]),
  ...positions.map((d) => ({pair: d.pair, ts: d.entryTs, net: undefined}))
];

/** Lists the settings that only a restart changes. */
const StrategyInForce = ({strategy, pairs, onStop}: EngineData["config"]): HTMLElement =>
  h(
    "details",
    {class: "more"},
    h("summary", {}, "Other current settings"),
    h(
      "p",
      {class: "subtitle"},
      `Pairs: ${pairs.join(", ") || "none"}. On a stop: ${onStop} open positions. These settings change only with a restart.`
    ),
    h(
      "dl",
      {class: "numbers"},
      Object.entries(strategy).map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value)))
    )
  );
