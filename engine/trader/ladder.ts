import type {Fill} from "../../src/lib/ledger/fills.js";
import {ceilToStep, floorToStep, type Rules} from "../../src/lib/ledger/rules.js";
import {Decimal, ONE, ZERO} from "../../src/lib/money/decimal.js";
import {triedPatiently, type Execution, type ExecutionVenue, type Unfilled} from "../execution/venue.js";
import type {Act} from "../journal/events.js";
import type {Recorder} from "../journal/recorder.js";
import {carryOut, limitOf, type LegPlan} from "./orders.js";

/** How far from its reference an order may fill that opens, retries or leaves in calm, bps. */
const BAND_BPS = 50;
/** Rounds that try to bring the smaller leg up before the larger one is taken back. */
const RETRIES = 2;
/** Bands of the rounds that take a leg back; at the end any price. */
const UNWIND_BPS = [BAND_BPS, 200, undefined] as const;

/** What a ladder needs to know of its pair. */
interface LadderOptions {
  recorder: Recorder;
  venue: ExecutionVenue;
  ts: number;
  pair: string;
  tradeId: string;
  rules: Rules;
  /** the spot market's own step: what is left after a fee in the coin is sold by it, however coarse orders are sized */
  coinStep: Decimal;
  /** the touches at which it was decided; perp undefined where only coin is left */
  references: {spot: Decimal; perp: Decimal | undefined};
  /** coins of earlier hedges that were too few to be sold: they go with what is sold to the last */
  dust: Decimal;
  /** share of a spot purchase that the venue keeps in the coin */
  coinFee: Decimal;
  /** rounds that the trade has sent so far */
  sent: number;
  /** what is held before it begins */
  held?: {spot: Decimal; perp: Decimal};
}

/**
 * Two legs, or none (the ladder of orders): both at once; then the smaller leg is brought up within a band; then the larger
 * one is taken back, reduce-only; what is naked after that is for a person. A round is written down before it is sent, so
 * a process that dies on any rung goes on there.
 */
export class Ladder {
  readonly fills: Fill[] = [];
  /** why orders were not filled, newest last */
  readonly refusals: Unfilled[] = [];
  /** rounds that the trade has sent */
  sent: number;
  /** a leg was taken back */
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

  /** Coins without a short; negative for a short without coins. */
  get naked(): Decimal {
    return this.spot.minus(this.perp);
  }

  /** The legs differ by no more than one lot. */
  get even(): boolean {
    return this.naked.abs().lte(this.#options.rules.step);
  }

  /** Both legs at once, then the smaller up to the larger, then the larger down to the smaller. */
  async open({spot, perp}: {spot: Decimal; perp: Decimal}): Promise<void> {
    const legs = [this.#leg("spot", "buy", spot, BAND_BPS), this.#leg("perp", "sell", perp, BAND_BPS)];
    await this.#send("open", legs, true);
    for (let i = 0; i < RETRIES && !this.#done; i++) {
      const leg = this.#missing();
      if (!leg) break;
      await this.#send("open", [leg]);
    }
    if (!this.#done) await this.mend();
  }

  /** Takes the larger leg back until the legs are even; where its excess is too small to trade, everything. */
  async mend(bands: readonly (number | undefined)[] = UNWIND_BPS): Promise<void> {
    for (const band of bands) {
      if (this.#done) return;
      const legs = this.#excess(band);
      if (legs.length === 0) return;
      // One order for both legs trades equal quantities, so the fee in the coin leaves the short larger: no leg has failed.
      if (!this.#onlyFee) this.unwound = true;
      await this.#send("mend", legs);
    }
  }

  /**
   * Leaves both legs, whatever is held; what one round leaves is tried again, at last at any price.
   * @param urgent begins with the wider band
   */
  async leave(act: Exclude<Act, "open" | "mend">, urgent: boolean): Promise<void> {
    let patient = act === "close" && !urgent;
    for (const band of urgent ? UNWIND_BPS.slice(1) : [...Array<number>(RETRIES).fill(BAND_BPS), ...UNWIND_BPS]) {
      const legs = this.#everything(band);
      if (legs.length === 0) return;
      const execution = await this.#send(act, legs, patient);
      patient = false;
      // A venue that takes neither leg keeps the hedge whole: it is tried again with new prices.
      if (this.fills.length === 0 && !urgent && !triedPatiently(execution)) return;
    }
  }

  get #done(): boolean {
    return this.naked.abs().lt(this.#options.rules.step);
  }

  /** The short is larger by no more than what the fee took of the coin. */
  get #onlyFee(): boolean {
    return this.naked.lt(0) && this.naked.neg().lte(this.perp.times(this.#options.coinFee));
  }

  async #send(act: Act, legs: readonly LegPlan[], patient = false): Promise<Execution> {
    const {recorder, venue, ts, pair, tradeId} = this.#options;
    const round = {ts, pair, tradeId, act, attempt: ++this.sent, legs, ...(patient && {patient: true as const})};
    const execution = await carryOut(recorder, venue, round);
    for (const fill of execution.fills) {
      this.fills.push(fill);
      const signed = fill.side === "buy" ? fill.quantity : fill.quantity.neg();
      if (fill.leg === "spot") this.spot = this.spot.plus(signed);
      else this.perp = this.perp.minus(signed);
    }
    this.refusals.push(...(execution.unfilled ?? []));
    return execution;
  }

  /** The order that brings the smaller leg up; undefined where there is nothing to bring up or it is too small to trade. */
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
    // A remainder under the minimum cannot be traded alone, but both legs as a whole may be.
    return this.even ? [] : this.#everything(band);
  }

  #everything(band: number | undefined): LegPlan[] {
    const {coinStep, dust, venue, references} = this.#options;
    const coins = venue.real ? floorToStep(this.spot.plus(dust), coinStep) : this.spot;
    const legs: LegPlan[] = [];
    const spot = this.#leg("spot", "sell", coins, band);
    // paper and history sell to the last digit; a venue has minimums
    if (coins.gt(0) && (!venue.real || this.#tradable(spot))) legs.push(spot);
    // a reduce-only order may close a whole position of any size
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
    const [least, notional] =
      market === "spot"
        ? [rules.spotMinQty, rules.spotMinNotional]
        : [rules.perpMinQty, leg.reduceOnly ? ZERO : rules.perpMinNotional];
    return quantity.gt(0) && quantity.gte(least) && quantity.times(reference).gte(notional) ? leg : undefined;
  }
}
