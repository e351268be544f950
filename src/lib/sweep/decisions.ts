import {Decimal, toNumber} from "../money/decimal.js";
import {roundTrip} from "../market/costs.js";
import type {StrategyConfig} from "../strategy/config.js";
import {decide, type Intent, type PairBook} from "../strategy/decide.js";
import {viewAt} from "../strategy/view.js";
import {asFloat} from "./floats.js";
import {SAFE_DIGITS, type Prepared} from "./prepare.js";

/** A threshold as a float; `safe` if float comparison with it is exact. */
interface Threshold {
  value: number;
  safe: boolean;
}

const threshold = (value: Decimal): Threshold => ({value: asFloat(value), safe: value.sd() <= SAFE_DIGITS});

/** Upper bounds on the float error of rates and of scores. */
const RATE_NOISE = 1e-15;
const SCORE_NOISE = 1e-12;

const FLAT: PairBook = {position: "flat", waiting: undefined, barred: false};
const OPEN: PairBook = {position: "open", waiting: undefined, barred: false};

/** Per settlement: 1 if a flat pair would be entered, 1 if an open one would be exited. */
export interface Decisions {
  enter: Uint8Array;
  exit: Uint8Array;
  /** composite, or the level for simple; sizes dynamic positions */
  score: Float64Array;
  /** buffer for composite scores */
  composite: Float64Array;
}

/** Allocates decisions for `n` settlements. */
export function decisionsFor(n: number): Decisions {
  const composite = new Float64Array(n);
  return {enter: new Uint8Array(n), exit: new Uint8Array(n), score: composite, composite};
}

/**
 * Writes the decision of `decide` at every settlement to `out`. Floats decide unless a number is within float error of its
 * threshold; then `decide` itself is called. The result always equals that of `decide`.
 */
export function fillDecisions(p: Prepared, config: StrategyConfig, out: Decisions): void {
  if (config.strategy === "simple") fillSimple(p, config, out);
  else fillComposite(p, config, out);
}

/** Returns the rate per 8 h that pays the round trip: one threshold, or one rate per settlement with `auto`. */
function hurdles(p: Prepared, config: StrategyConfig): Threshold | Float64Array {
  const share = roundTrip(config);
  const hold = config.expectedHoldPeriods;
  if (hold !== "auto") return threshold(share.div(hold));
  const {history} = p.window;
  const cost = toNumber(share);
  return Float64Array.from(p.t, (_, k) => cost / toNumber(history.autoHold(p.firstSettlement + k, config.exitRate)));
}

function fillSimple(p: Prepared, config: StrategyConfig, out: Decisions): void {
  const {rate8h, safe, allSafe} = p;
  const {enter, exit} = out;
  const min = threshold(config.minRate);
  const max = threshold(config.exitRate);
  const hurdle = hurdles(p, config);
  const fixed = hurdle instanceof Float64Array ? undefined : hurdle;
  out.score = p.level;
  if (allSafe && min.safe && max.safe && fixed?.safe) {
    const cost = fixed.value;
    for (let k = 0; k < rate8h.length; ++k) {
      const r = rate8h[k]!;
      enter[k] = r >= min.value && r > cost ? 1 : 0;
      exit[k] = r < max.value ? 1 : 0;
    }
    return;
  }
  for (let k = 0; k < rate8h.length; ++k) {
    const r = rate8h[k]!;
    const exact = safe[k] === 1;
    const cost = fixed ? fixed.value : (hurdle as Float64Array)[k]!;
    const unsure =
      (!(exact && min.safe) && Math.abs(r - min.value) < RATE_NOISE) ||
      (!(exact && fixed?.safe) && Math.abs(r - cost) < RATE_NOISE);
    enter[k] = unsure ? exactly(p, config, k, FLAT, "enter") : r >= min.value && r > cost ? 1 : 0;
    const unsureExit = !(exact && max.safe) && Math.abs(r - max.value) < RATE_NOISE;
    exit[k] = unsureExit ? exactly(p, config, k, OPEN, "exit") : r < max.value ? 1 : 0;
  }
}

function fillComposite(p: Prepared, config: StrategyConfig, decisions: Decisions): void {
  const {enter, exit} = decisions;
  const score = (decisions.score = decisions.composite);
  const {rate8h, safe, level, trend, persistence, basis} = p;
  const {history} = p.window;
  const weights = config.weights;
  const wl = asFloat(weights.level);
  const wt = asFloat(weights.trend);
  const wp = asFloat(weights.persistence);
  const wb = asFloat(weights.basis);
  const entry = asFloat(config.entry);
  const exitScore = asFloat(config.exit);
  const exitRate = threshold(config.exitRate);
  const hurdle = hurdles(p, config);
  const fixed = hurdle instanceof Float64Array ? undefined : hurdle;
  for (let k = 0; k < rate8h.length; ++k) {
    const r = rate8h[k]!;
    const exact = safe[k] === 1;
    const s = wl * level[k]! + wt * trend[k]! + wp * persistence[k]! + wb * basis[k]!;
    score[k] = s;
    const cost = fixed ? fixed.value : (hurdle as Float64Array)[k]!;
    if (!(exact && fixed?.safe) && Math.abs(r - cost) < RATE_NOISE) enter[k] = exactly(p, config, k, FLAT, "enter");
    else if (!(r > 0 && r > cost && atLeast(k, s, config.entry, entry))) enter[k] = 0;
    else enter[k] = config.volumeFilter && !history.volume(p.firstSettlement + k).passes ? 0 : 1;
    if (!(exact && exitRate.safe) && Math.abs(r - exitRate.value) < RATE_NOISE)
      exit[k] = exactly(p, config, k, OPEN, "exit");
    else exit[k] = r < 0 || (r < exitRate.value && !Number.isNaN(s) && !atLeast(k, s, config.exit, exitScore)) ? 1 : 0;
  }

  /** Compares scores. Ties with round thresholds are common, so a tie computes one exact score, not a whole decision. */
  function atLeast(k: number, s: number, limit: Decimal, limitFloat: number): boolean {
    if (!(Math.abs(s - limitFloat) < SCORE_NOISE)) return s >= limitFloat;
    return history
      .signals(p.firstSettlement + k)!
      .composite(weights)!
      .gte(limit);
  }
}

/** Returns the entry that `decide` makes at settlement `k` of a flat pair, if any. */
export function exactEntry(
  p: Prepared,
  config: StrategyConfig,
  k: number
): Extract<Intent, {type: "enter"}> | undefined {
  const intent = decideAt(p, config, k, FLAT);
  return intent?.type === "enter" ? intent : undefined;
}

function decideAt(p: Prepared, config: StrategyConfig, k: number, book: PairBook): Intent | undefined {
  const {history, pair} = p.window;
  return decide(viewAt([history], p.t[k]!), new Map([[pair, book]]), config)[0];
}

const exactly = (p: Prepared, config: StrategyConfig, k: number, book: PairBook, type: "enter" | "exit"): 0 | 1 =>
  decideAt(p, config, k, book)?.type === type ? 1 : 0;
