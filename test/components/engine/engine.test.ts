// @vitest-environment jsdom
import fc from "fast-check";
import {beforeEach, describe, expect, it, vi} from "vitest";
import {
  engineBase,
  otherName,
  takeTicket,
  type SessionEnvironment
} from "../../../src/components/engine/engineSession.js";
import {
  accountFigures,
  countdown,
  emergencyWarning,
  engineAnswer,
  equityCurve,
  conditionLine,
  otherReasons,
  signed,
  sortRules,
  stripText
} from "../../../src/components/engine/engineModel.js";
import {Alarm, modeBadge} from "../../../src/components/engine/engineBoard.js";
import {BooksTable} from "../../../src/components/engine/engineBooks.js";
import {OpportunityTable, PositionTable} from "../../../src/components/engine/enginePositions.js";
import {DecisionFeed, RiskTable} from "../../../src/components/engine/engineRecords.js";
import {
  engineEvents,
  engineHistory,
  engineStep,
  openEngineRun,
  type EngineRecord
} from "../../../src/components/replay/engineRun.js";
import {SETTING_FIELDS, settingsPatch, typedOf, wireOf} from "../../../src/components/engine/engineSettings.js";
import {eventParser, type ServerEvent} from "../../../src/components/engine/sse.js";
import {SteadyBlock} from "../../../src/components/ui/steadyBlock.js";
import {TwoStep} from "../../../src/components/ui/twoStep.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {madeBooks, madeEngine, madePosition, madeTrade} from "../../helpers/made/engine.js";

const NOW = Date.UTC(2026, 2, 14, 12);
const HOUR = 36e5;
const {status, parts} = madeEngine(NOW);
const up = {link: "up" as const, health: null, status, heardTs: NOW};

beforeEach(() => history.replaceState(null, "", "/"));

describe("the stream's parser", () => {
  const text =
    ': hello\nretry: 2000\n\nid: a-1\nevent: status\ndata: {"a":1}\n\ndata: one\r\ndata: two\r\n\r\nevent: none\n\n';
  const expected = [
    {event: "status", data: '{"a":1}', id: "a-1"},
    {event: "message", data: "one\ntwo", id: "a-1"}
  ];
  it("emits the same events wherever the text is split", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const seen: ServerEvent[] = [];
        const parse = eventParser((event) => seen.push(event));
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        for (let i = 1; i < at.length; ++i) parse(text.slice(at[i - 1], at[i]));
        expect(seen).toEqual(expected);
      })
    );
  });
});

describe("the session", () => {
  const env = (change: Partial<SessionEnvironment> & {hash?: string; hostname?: string} = {}): SessionEnvironment => ({
    location: {
      hash: change.hash ?? "",
      href: "http://127.0.0.1:8321/engine",
      hostname: change.hostname ?? "127.0.0.1",
      pathname: "/engine",
      search: "?a=1"
    },
    history: {replaceState: vi.fn()},
    storage: {getItem: () => null, setItem: () => {}, removeItem: () => {}},
    named: null,
    root: "http://127.0.0.1:8321/",
    ...change
  });
  it("removes the ticket from the URL at once, used or not", () => {
    const one = env({hash: "#ticket=abc"});
    expect(takeTicket(one)).toBe("abc");
    expect(one.history.replaceState).toHaveBeenCalledWith(null, "", "/engine?a=1");
    const none = env({hash: "#method"});
    expect(takeTicket(none)).toBe(null);
    expect(none.history.replaceState).not.toHaveBeenCalled();
  });
  it("calls its own server, or the one named by the preview, and none from a published site", () => {
    expect(engineBase(env())).toBe("http://127.0.0.1:8321");
    expect(engineBase(env({named: "http://127.0.0.1:9000"}))).toBe("http://127.0.0.1:9000");
    expect(engineBase(env({hostname: "example.org", named: "http://127.0.0.1:9000"}))).toBe(null);
    expect(engineBase(env({hostname: "127.0.0.1.evil.example"}))).toBe(null);
  });
  it("has the other loopback name of the host", () => {
    expect(otherName("http://127.0.0.1:8321")).toBe("http://localhost:8321");
    expect(otherName("http://localhost:8321")).toBe("http://127.0.0.1:8321");
    expect(otherName("http://example.org")).toBe(null);
  });
});

describe("words", () => {
  it("describe the engine in one line", () => {
    expect(stripText(up, NOW)).toBe("engine: paper · running · 1 hedge · ▲ 1.23 USDT today · cycle 12 s ago");
    expect(stripText({...up, link: "down", status: null}, NOW)).toBe("engine off");
    expect(stripText({...up, link: "no token"}, NOW)).not.toContain("USDT");
    expect(stripText({...up, link: "unknown", status: null}, NOW)).toBe("engine …");
  });
  it("answer whether every leg is hedged", () => {
    expect(engineAnswer(status, parts.positions)).toBe(
      "Yes: the only hedge has both legs. The engine is running: a cycle every minute."
    );
    expect(engineAnswer(status, [madePosition(NOW, {hedged: false})])).toMatch(/^No: BTC\/USDT has only one leg\./);
    expect(engineAnswer(status, [])).toMatch(/^No hedge is open\./);
    const left = {...status, emergency: {ts: NOW, done: false, left: ["SOL/USDT"]}};
    expect(engineAnswer(left, [])).toContain("could not close SOL/USDT");
  });
  it("count down to a settlement", () => {
    expect(countdown(2 * HOUR)).toBe("2:00:00");
    expect(countdown(65_400)).toBe("0:01:05");
    expect(countdown(-1)).toBe("due");
  });
  it("show a sign by a glyph, not by colour alone", () => {
    expect([signed(1.5), signed(-1.5), signed(0), signed(null)]).toEqual(["▲ 1.50", "▼ −1.50", "0.00", "–"]);
  });
  it("describe an emergency stop before it is confirmed", () => {
    expect(emergencyWarning(parts.positions)).toContain("1 hedge (BTC/USDT) is closed at once");
    expect(emergencyWarning([])).toContain("No hedge is open");
  });
  it("give a condition's sides in its unit, whatever its name", () => {
    const condition = {name: "x", relation: "≥", limit: "0.0002", met: true};
    expect(conditionLine({...condition, unit: "rate", value: "0.0003"})).toBe("✓ x 3.00 bp ≥ 2.00 bp");
    expect(conditionLine({...condition, unit: "score", value: "0.5", limit: "0.25"})).toBe("✓ x 0.500 ≥ 0.250");
    expect(conditionLine({...condition, unit: "verdict", value: "thin", relation: "is", limit: "enough"})).toBe(
      "✓ x thin is enough"
    );
    expect(conditionLine({...condition, unit: "rate", value: null, met: false})).toBe("✗ x unknown ≥ 2.00 bp");
  });
  it("keep conditions and other reasons apart", () => {
    expect(parts.opportunities.map(otherReasons)).toEqual([
      ["a hedge is open"],
      ["stale-data: the newest price is 95 s old"],
      []
    ]);
  });
  it("give four figures that add up", () => {
    const {equity, today} = accountFigures(status, NOW)!;
    expect(equity.value).toBe("10,000.86");
    expect(equity.note).toContain("▲ 0.86 on 10,000 USDT");
    expect(today.note).toBe("realised ▲ 0.45, unrealised ▲ 0.41 in total");
    expect(accountFigures({...status, account: null}, NOW)).toBe(null);
  });
  it("sort rules by level, worst first", () => {
    expect(sortRules(parts.risk.rules).map((d) => d.name)).toEqual(["margin-ratio", "portfolio-cap"]);
  });
});

describe("the reconciliation table", () => {
  const cells = (table: HTMLElement) =>
    [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  it("lists mismatches first and pending items below; a higher fee is no mismatch", () => {
    const table = BooksTable(madeBooks(NOW));
    expect(cells(table)[0]).toEqual([
      "taker fee, share",
      "BTC/USDT",
      "0.001",
      "0.0018",
      "0.0008",
      expect.stringMatching(/^! .*higher fee$/)
    ]);
    expect(cells(table)[1]).toEqual([
      "coins held",
      "BTC/USDT",
      "0.025",
      "0.025",
      "0",
      expect.stringMatching(/^✓ .*yes$/)
    ]);
    expect(table.textContent).toContain("recorded at the next step: funding of BTC/USDT: 0.3125.");
    expect(table.textContent).toContain("they match");
    expect(table.querySelector(".banner--critical")).toBe(null);
  });
  it("shows a critical banner on a mismatch", () => {
    const {rows} = madeBooks(NOW);
    const table = BooksTable(
      madeBooks(NOW, {agrees: false, rows: [{...rows[0]!, venue: "0", residual: "-0.025", agrees: false}]})
    );
    expect(table.querySelector(".banner--critical")!.textContent).toContain("do not match");
    expect(cells(table)[0]!.at(-1)).toMatch(/^✗ .*NO$/);
  });
  it("is empty before the first comparison", () => {
    expect(BooksTable(null).textContent).toContain("have not been compared yet");
  });
});

describe("the mode badge and the alarm", () => {
  it("badge names the mode by word and colour, so that live differs from paper", () => {
    const said = (change: object) => {
      const {textContent, className} = modeBadge({...status, ...change});
      return [textContent, className];
    };
    expect(said({mode: "paper"})).toEqual(["paper", "badge badge--plain"]);
    expect(said({mode: "live", simulated: false})).toEqual(["LIVE · real money", "badge badge--bad"]);
    expect(said({mode: "live", simulated: true})).toEqual(["LIVE · simulated account", "badge badge--bad"]);
    expect(said({mode: "live", simulated: false, dryRun: true})).toEqual(["live · dry run", "badge badge--warn"]);
  });
  it("alarm is shown for a halted engine and an unhedged leg, not for a complete hedge", () => {
    expect(Alarm({status, positions: parts.positions})).toBe(null);
    const halted = Alarm({status: {...status, state: "halted", why: "the books do not agree"}, positions: []})!;
    expect([halted.getAttribute("role"), halted.textContent]).toEqual([
      "alert",
      "HALTED: the books do not agree. The engine opens no hedge until you resume it."
    ]);
    const bare = Alarm({status, positions: [madePosition(NOW, {perpQty: "0.01", drift: 0.6, naked: true})]})!;
    expect(bare.textContent).toMatch(/^BTC\/USDT: one leg is unhedged/);
  });
});

describe("the account's curve", () => {
  it("holds each value until the next and ends with the newest", () => {
    const curve = equityCurve([
      [NOW, "100"],
      [NOW + HOUR, "101"],
      [NOW + 2.5 * HOUR, "99"]
    ])!;
    expect(curve.stepMs).toBe(60_000);
    expect(curve.values[0]).toBe(100);
    expect(curve.values[59]).toBe(100);
    expect(curve.values[60]).toBe(101);
    expect(curve.values.at(-1)).toBe(99);
    expect(equityCurve([])).toBe(null);
  });
});

describe("settings", () => {
  const {config} = parts;
  const typed = () =>
    Object.fromEntries(SETTING_FIELDS.map((field) => [field.key, typedOf(field, config.settings[field.key])])) as any;
  it("are shown in display units and convert back exactly", () => {
    expect(typed()).toMatchObject({minRate: "2", exitRate: "0.5", intervalMs: "60", maxHedges: "5"});
    const rate = SETTING_FIELDS[0]!;
    fc.assert(
      fc.property(fc.integer({min: -1e6, max: 1e6}), (n) => {
        const value = new Decimal(n).div(1e9).toFixed();
        expect(new Decimal(wireOf(rate, typedOf(rate, value), {})).eq(value)).toBe(true);
      })
    );
  });
  it("send only changes", () => {
    expect(settingsPatch(typed(), config)).toEqual({patch: {}, problems: {}});
    expect(settingsPatch({...typed(), minRate: "3.5", maxHedges: "7"}, config).patch).toEqual({
      minRate: "0.00035",
      maxHedges: 7
    });
    expect(settingsPatch({...typed(), minRate: "2.0"}, config).patch).toEqual({});
  });
  it("are rejected with a reason", () => {
    const problem = (change: object) => settingsPatch({...typed(), ...change}, config).problems;
    expect(problem({minRate: "much"})).toEqual({minRate: "is not a number"});
    expect(problem({maxHedges: "2.5"})).toEqual({maxHedges: "must be a whole number"});
    expect(problem({maxHedges: "0"})).toEqual({maxHedges: "must be at least 1"});
    expect(problem({intervalMs: "0.5"})).toEqual({intervalMs: "must be at least 1 seconds"});
    expect(problem({maxPositionUsd: "0"})).toEqual({maxPositionUsd: "must be above 0"});
    expect(problem({exitRate: "9"})).toEqual({exitRate: "must not be above the entry rate"});
    expect(problem({maxPositionUsd: "6000"})).toEqual({maxPositionUsd: "must not be above the notional of all hedges"});
  });
});

describe("tables", () => {
  it("show legs, net with its glyph, and the way to liquidation by glyph and bar", () => {
    const table = PositionTable(
      [
        madePosition(NOW, {
          unrealised: "-3.2",
          marginRatio: 0.93,
          marginLevel: "critical",
          hedged: false,
          waiting: "exit"
        })
      ],
      () => NOW
    );
    const text = table.querySelector("tbody")!.textContent!;
    expect(text).toContain("✗ one, exit pending");
    expect(text).toContain("▼ −3.200");
    expect(text).toContain("2:00:00");
    expect(text).toContain("✗ critical");
    expect(table.querySelector<HTMLElement>(".meter-fill")!.style.width).toBe("93%");
  });
  it("show both sides of each condition of a pair", () => {
    const rows = [...OpportunityTable(parts.opportunities, () => NOW).querySelectorAll("tbody tr")].map(
      (d) => d.textContent!
    );
    expect(rows[1]).toContain("✓ rate 2.50 bp ≥ 2.00 bp");
    expect(rows[1]).toContain("✗ stale-data: the newest price is 95 s old");
    expect(rows[2]).toContain("✗ rate 0.80 bp ≥ 2.00 bp");
    expect(rows[0]).not.toContain("✗ a hedge");
  });
  it("never parse text of the engine as markup", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const feed = DecisionFeed([{...parts.decisions[0]!, pair: evil, reason: evil, numbers: {[evil]: evil}}]);
    const risk = RiskTable([{...parts.risk.rules[0]!, says: evil, reason: evil}]);
    for (const element of [feed, risk]) {
      expect(element.querySelector("img")).toBe(null);
      expect(element.textContent).toContain(evil);
    }
  });
});

describe("a run of the engine in the replay", () => {
  const record: EngineRecord = {...parts, trades: [madeTrade(NOW)], capital: "10000"};
  const run = openEngineRun(record);
  it("has every event once, in order", () => {
    expect(engineEvents(record).map((d) => `${d.kind} ${d.pair}`)).toEqual([
      "opened ETH/USDT",
      "settled ETH/USDT",
      "settled ETH/USDT",
      "settled ETH/USDT",
      "closed ETH/USDT",
      "opened BTC/USDT"
    ]);
    expect([...run.ts]).toEqual([...run.ts].sort((a, b) => a - b));
  });
  it("ends with the sum of the trades", () => {
    const last = engineStep(record, run, run.ts.length - 1);
    expect(last.realised).toBeCloseTo(0.45, 12);
    expect(last.closed).toBe(1);
    expect(last.hedges.map((d) => d.pair)).toEqual(["BTC/USDT"]);
  });
  it("has no look-ahead: deleting all later records changes no step", () => {
    for (let i = 0; i < run.ts.length; ++i) {
      const ts = run.ts[i]!;
      const step = engineStep(record, run, i);
      for (const d of [...step.events, ...step.decisions]) expect(d.ts).toBeLessThanOrEqual(ts);
      const past = {...record, decisions: record.decisions.filter((d) => d.ts <= ts)};
      expect(engineHistory(past, "ETH/USDT", ts)).toEqual(engineHistory(record, "ETH/USDT", ts));
      for (const at of engineHistory(record, "ETH/USDT", ts).prices.ts) expect(at).toBeLessThanOrEqual(ts);
    }
  });
  it("excludes the costs of an exit before it", () => {
    const open = engineStep(record, run, run.ts.indexOf(NOW - 62 * HOUR));
    expect(open.hedges[0]).toMatchObject({pair: "ETH/USDT", funding: 0.5, payments: 1});
    expect(open.hedges[0]!.costs).toBeCloseTo(0.65, 12);
  });
  it("throws when there are no records yet", () => {
    expect(() => openEngineRun({...record, trades: [], decisions: [], equity: []})).toThrow("has no records yet");
  });
});

describe("a button of two steps", () => {
  it("warns on the first press, acts on the second, and disarms after a while", async () => {
    vi.useFakeTimers();
    const act = vi.fn(async () => {});
    const {button, note} = TwoStep({label: "Stop", armed: "Sure", warning: () => "all of it", act, armedMs: 1_000});
    button.click();
    expect(note.textContent).toBe("all of it");
    expect(act).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_300);
    expect(button.textContent).toBe("Stop");
    expect(note.textContent).toContain("so nothing was done");
    button.click();
    button.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"}));
    button.click();
    expect(act).not.toHaveBeenCalled();
    button.click();
    await vi.advanceTimersByTimeAsync(0);
    expect(act).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});

it("steady block keeps the focus and does not redraw an unchanged value", () => {
  const render = vi.fn((n: number) => [
    document.createElement("p"),
    Object.assign(document.createElement("button"), {textContent: String(n)})
  ]);
  const block = SteadyBlock<number>(render);
  document.body.replaceChildren(block.element);
  block.update(1);
  block.element.querySelector("button")!.focus();
  block.update(2);
  expect(document.activeElement!.textContent).toBe("2");
  block.update(2);
  expect(render).toHaveBeenCalledTimes(2);
});
