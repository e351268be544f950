import {describe, expect, it} from "vitest";
import {deflatedSharpe, deflate, expectedMaxSharpe, probabilisticSharpe} from "../../../src/lib/stats/deflated.js";
import {normalCdf, normalQuantile} from "../../../src/lib/stats/normal.js";
import {halves, overfitting} from "../../../src/lib/stats/pbo.js";
import {generator, normal} from "../../../src/lib/stats/random.js";
import {moments} from "../../../src/lib/stats/ratios.js";

describe("the normal distribution", () => {
  it("agrees with tabled values and inverts itself", () => {
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 14);
    expect(normalCdf(-8)).toBeCloseTo(6.220960574271785e-16, 28);
    expect(normalQuantile(0.99)).toBeCloseTo(2.3263478740408408, 12);
    for (const p of [1e-6, 0.01, 0.3, 0.5, 0.9, 0.9999]) expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 13);
  });
});

describe("deflated Sharpe ratio", () => {
  // Bailey and López de Prado (2014), The Deflated Sharpe Ratio, "A numerical example": annualised SR 2.5 over 1,250 days
  // of 250 a year, skewness −3, kurtosis 10, variance of the trials' annualised SRs 1/2
  const sample = {sharpe: 2.5 / Math.sqrt(250), n: 1250, skewness: -3, kurtosis: 10};
  const variance = 0.5 / 250;

  it("reproduces the published example: SR0 ≈ 0.1132 and DSR ≈ 0.9004 after 100 trials", () => {
    expect(expectedMaxSharpe(100, variance)).toBeCloseTo(0.1132, 4);
    expect(deflatedSharpe(sample, 100, variance)).toBeCloseTo(0.9004, 4);
  });

  it("reproduces its variants: ≈ 0.9505 after 46 trials, and after 88 were returns normal", () => {
    expect(deflatedSharpe(sample, 46, variance)).toBeCloseTo(0.9505, 3);
    expect(deflatedSharpe({...sample, skewness: 0, kurtosis: 3}, 88, variance)).toBeCloseTo(0.9505, 3);
  });

  it("one trial is not deflated: it is the probabilistic Sharpe ratio against zero", () => {
    expect(deflatedSharpe(sample, 1, variance)).toBe(probabilisticSharpe(sample, 0));
  });
});

/** Returns daily returns of trials: noise, the first with an edge of `edge` standard deviations per day. */
function trials(seed: number, {count = 40, days = 365, edge = 0} = {}): Float64Array[] {
  const random = generator(seed);
  return Array.from({length: count}, (_, i) =>
    Float64Array.from({length: days}, () => 0.001 * (normal(random) + (i === 0 ? edge : 0)))
  );
}

const bestOf = (series: readonly Float64Array[]) => {
  const stats = series.map(moments);
  const best = stats.reduce((b, m, i) => (m.mean / m.sd > stats[b]!.mean / stats[b]!.sd ? i : b), 0);
  return {stats, best};
};

describe("on pure noise and on a planted edge", () => {
  it("the deflated Sharpe ratio of the best of 40 noises passes 95 % at most at its stated rate", () => {
    let passed = 0;
    for (let seed = 1; seed <= 400; ++seed) {
      const {stats, best} = bestOf(trials(seed));
      if ((deflate(stats, best).deflatedSharpe as number) > 0.95) ++passed;
    }
    // 5 % of 400 is 20; three binomial standard deviations above that is 33
    expect(passed).toBeLessThanOrEqual(33);
  });

  it("a planted edge passes the deflated Sharpe ratio", () => {
    let passed = 0;
    for (let seed = 1; seed <= 50; ++seed) {
      const {stats, best} = bestOf(trials(seed, {edge: 0.35}));
      if (best === 0 && (deflate(stats, best).deflatedSharpe as number) > 0.95) ++passed;
    }
    expect(passed).toBeGreaterThanOrEqual(47);
  });

  it("the probability of backtest overfitting is about a half or more on noise, and near zero with an edge", () => {
    const noise = Array.from({length: 20}, (_, i) => overfitting(trials(100 + i), {blocks: 8}).pbo as number);
    expect(noise.reduce((a, b) => a + b, 0) / noise.length).toBeGreaterThan(0.4);
    const edge = Array.from(
      {length: 20},
      (_, i) => overfitting(trials(200 + i, {edge: 0.35}), {blocks: 8}).pbo as number
    );
    expect(edge.reduce((a, b) => a + b, 0) / edge.length).toBeLessThan(0.05);
  });
});

describe("probability of backtest overfitting", () => {
  // Bailey, Borwein, López de Prado and Zhu (2017), The Probability of Backtest Overfitting, section 2.2
  it("splits as the paper says: six ways for S = 4, 12,870 for S = 16", () => {
    expect(halves(4)).toEqual([0b0011, 0b0101, 0b0110, 0b1001, 0b1010, 0b1100]);
    expect(halves(16)).toHaveLength(12_870);
  });

  it("in closed form: of two mirrored trials the winner of a half loses the other iff the halves disagree in sign", () => {
    const block = (mean: number) => Array.from({length: 20}, (_, i) => mean + (i % 2 ? 0.01 : -0.01));
    const agreeing = (means: readonly number[]) => {
      const total = (mask: number) => means.reduce((sum, mean, i) => sum + (mask & (1 << i) ? mean : 0), 0);
      const masks = halves(means.length);
      return masks.filter((mask) => Math.sign(total(mask)) !== Math.sign(total(~mask))).length / masks.length;
    };
    for (const means of [
      [1, 2, 3, 4],
      [5, -1, -2, 3],
      [3, -3.5, 1, -1.2],
      [4, 1, -2, -2.5, 1, 0.25]
    ]) {
      const series = means.flatMap((mean) => block(mean / 1000));
      expect(overfitting([series, series.map((r) => -r)], {blocks: means.length}).pbo).toBe(agreeing(means));
    }
  });

  it("is 0 where one trial is best in every block, and insufficient with fewer than 30 days or one trial", () => {
    const random = generator(3);
    const noise = Array.from({length: 160}, () => 0.001 * normal(random));
    const ladder = [0, 1, 2, 3].map((i) => noise.map((r) => r + i * 0.01));
    expect(overfitting(ladder, {blocks: 8}).pbo).toBe(0);
    expect(
      overfitting(
        ladder.map((series) => series.slice(0, 29)),
        {blocks: 4}
      ).pbo
    ).toBe("insufficient");
    expect(overfitting(ladder.slice(0, 1), {blocks: 4}).pbo).toBe("insufficient");
  });
});
