import type {Fill} from "../../src/lib/ledger/fills.js";
import {ceilToStep, floorToStep, type Rules} from "../../src/lib/ledger/rules.js";
import {Decimal, ONE, ZERO} from "../../src/lib/money/decimal.js";
import {triedPatiently, type Execution, type ExecutionVenue, type Unfilled} from "../execution/venue.js";
import type {Act} from "../journal/events.js";
import type {Recorder} from "../journal/recorder.js";
import {executeRound, limitOf, type LegPlan} from "./orders.js";

/** Price band of entries, retries and non-urgent exits around the reference, bps. */
const BAND_BPS = 50;
/** Rounds that retry the smaller leg before the larger one is unwound. */
const RETRIES = 2;
/** Price bands of the unwind rounds, bps; undefined is a market order. */
const UNWIND_BPS = [BAND_BPS, 200, undefined] as const;

/** Inputs of a ladder for one pair. */
interface LadderOptions {
  recorder: Recorder;
  venue: ExecutionVenue;
  ts: number;
  pair: string;
  tradeId: string;
  rules: Rules;
  /** spot market's step in coins, for selling what a coin fee leaves; may be finer than `rules.step` */
  coinStep: Decimal;
  /** touches at the decision, quote per coin; perp undefined when only coin is left */
  references: {spot: Decimal; perp: Decimal | undefined};
  /** unsold coin remainders of earlier hedges, sold with the whole spot leg */
  dust: Decimal;
  /** fee of a spot purchase charged in the coin, a share */
  coinFee: Decimal;
  /** rounds sent by this trade so far */
  sent: number;
  /** position before the ladder starts, in coins */
  held?: {spot: Decimal; perp: Decimal};
}

/**
 * The order ladder: both legs or none. Sends both legs at once, retries the smaller leg within a band, then unwinds the
 * larger one. A remainder after that stays unhedged and needs an operator. Each round is journalled before it is sent,
 * so a restarted process resumes at the same rung.
 */
export class Ladder {
  readonly fills: Fill[] = [];
  /** unfilled orders, newest last */
  readonly refusals: Unfilled[] = [];
  /** rounds sent by this trade */
  sent: number;
  /** true once a leg was unwound */
  unwound = false;
  spot: Decimal;
  perp: Decimal;
  readonly #options: LadderOptions;

  constructor(options: LadderOptions) {
    this.#options = options;
    this.sent = options.sent;
    this.spot = options.held?.spot ?? ZERO;
    this.perp = options.held?.perp ?? ZERO;
  }

  /** Unhedged coins; negative for an unhedged short. */
  get naked(): Decimal {
    return this.spot.minus(this.perp);
  }

  /** True when the legs differ by at most one lot. */
  get even(): boolean {
    return this.naked.abs().lte(this.#options.rules.step);
  }

  /** Opens both legs at once, retries the smaller leg, then unwinds the excess. Quantities in coins. */
  async open({spot, perp}: {spot: Decimal; perp: Decimal}): Promise<void> {
    const legs = [this.#leg("spot", "buy", spot, BAND_BPS), this.#leg("perp", "sell", perp, BAND_BPS)];
    await this.#send("open", legs, true);
    for (let i = 0; i < RETRIES && !this.#done; i++) {
      const leg = this.#missing();
      if (!leg) break;
      await this.#send("open", [leg]);
    }
    if (!this.#done) await this.unwind();
  }

  /** Unwinds the larger leg until the legs are even; if the excess is too small to trade, closes both legs. */
  async unwind(bands: readonly (number | undefined)[] = UNWIND_BPS): Promise<void> {
    for (const band of bands) {
      if (this.#done) return;
      const legs = this.#excess(band);
      if (legs.length === 0) return;
      // A spread order fills equal quantities, so the coin fee leaves the short larger: no leg has failed.
      if (!this.#onlyFee) this.unwound = true;
      await this.#send("mend", legs);
    }
  }

  /**
   * Exits both legs, retrying remainders with wider bands and finally market orders.
   * @param urgent starts with the wider band
   */
  async exit(act: Exclude<Act, "open" | "mend">, urgent: boolean): Promise<void> {
    let patient = act === "close" && !urgent;
    for (const band of urgent ? UNWIND_BPS.slice(1) : [...Array<number>(RETRIES).fill(BAND_BPS), ...UNWIND_BPS]) {
      const legs = this.#everything(band);
      if (legs.length === 0) return;
      const execution = await this.#send(act, legs, patient);
      patient = false;
      // Neither leg filled: the hedge is intact, so the next step retries with new prices.
      if (this.fills.length === 0 && !urgent && !triedPatiently(execution)) return;
    }
  }

  get #done(): boolean {
    return this.naked.abs().lt(this.#options.rules.step);
  }

  /** True when the short exceeds the coins by at most the coin fee. */
  get #onlyFee(): boolean {
    return this.naked.lt(0) && this.naked.neg().lte(this.perp.times(this.#options.coinFee));
  }

  async #send(act: Act, legs: readonly LegPlan[], patient = false): Promise<Execution> {
    const {recorder, venue, ts, pair, tradeId} = this.#options;
    const round = {ts, pair, tradeId, act, attempt: ++this.sent, legs, ...(patient && {patient: true as const})};
    const execution = await executeRound(recorder, venue, round);
    for (const fill of execution.fills) {
      this.fills.push(fill);
      const signed = fill.side === "buy" ? fill.quantity : fill.quantity.neg();
      if (fill.leg === "spot") this.spot = this.spot.plus(signed);
      else this.perp = this.perp.minus(signed);
    }
    this.refusals.push(...(execution.unfilled ?? []));
    return execution;
  }

  /** Returns the order that completes the smaller leg; undefined when none is needed or it is below the minimum. */
  #missing(): LegPlan | undefined {
    const {rules, coinFee} = this.#options;
    if (this.naked.gt(0))
      return this.#tradable(this.#leg("perp", "sell", floorToStep(this.naked, rules.perpStep), BAND_BPS));
    const gross = ceilToStep(this.naked.neg().div(ONE.minus(coinFee)), rules.spotStep);
    return this.#tradable(this.#leg("spot", "buy", gross, BAND_BPS));
  }

  #excess(band: number | undefined): LegPlan[] {
    const {rules, coinStep} = this.#options;
    const leg = this.naked.gt(0)
      ? this.#leg("spot", "sell", floorToStep(this.naked, coinStep), band)
      : this.#leg("perp", "buy", floorToStep(this.naked.neg(), rules.perpStep), band);
    if (this.#tradable(leg)) return [leg];
    // A remainder below the minimum cannot be traded alone, but both whole legs may be.
    return this.even ? [] : this.#everything(band);
  }

  #everything(band: number | undefined): LegPlan[] {
    const {coinStep, dust, venue, references} = this.#options;
    const coins = venue.real ? floorToStep(this.spot.plus(dust), coinStep) : this.spot;
    const legs: LegPlan[] = [];
    const spot = this.#leg("spot", "sell", coins, band);
    // paper sells the exact quantity; a real venue has minimums
    if (coins.gt(0) && (!venue.real || this.#tradable(spot))) legs.push(spot);
    // a reduce-only order may close a position of any size
    if (this.perp.gt(0) && references.perp) legs.push(this.#leg("perp", "buy", this.perp, band));
    return legs;
  }

  #leg(market: LegPlan["market"], side: LegPlan["side"], quantity: Decimal, band: number | undefined): LegPlan {
    const reference = this.#options.references[market] ?? ZERO;
    const limit = limitOf(reference, side, band);
    return {
      market,
      side,
      quantity,
      reference,
      ...(limit && {limit}),
      ...(market === "perp" && side === "buy" && {reduceOnly: true as const})
    };
  }

  #tradable(leg: LegPlan): LegPlan | undefined {
    const {rules} = this.#options;
    const {market, quantity, reference} = leg;
    const [minimum, notional] =
      market === "spot"
        ? [rules.spotMinQty, rules.spotMinNotional]
        : [rules.perpMinQty, leg.reduceOnly ? ZERO : rules.perpMinNotional];
    return quantity.gt(0) && quantity.gte(minimum) && quantity.times(reference).gte(notional) ? leg : undefined;
  }
}
