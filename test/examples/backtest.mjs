// A backtest in plain Node: `node test/examples/backtest.mjs`. The market is made up, so the numbers mean nothing.
import {
  backtestReport,
  candlesOf,
  decimal,
  generator,
  HOUR_MS,
  judge,
  metricsOf,
  nameTrial,
  normal,
  parseAxis,
  parseConfig,
  parseInstant,
  roundTrip,
  runBacktest,
  strategyEntries,
  summariseFunding,
  SweepRunner,
  text,
  toNumber
} from "carrybook/lib";

const from = parseInstant("2024-01-01");
const days = 120;
const random = generator(7);

// One row a candle; funding settles every eight hours and moves slowly.
const spot = [];
const perp = [];
const funding = [];
let price = 100;
let rate = 0.0004;
for (let hour = 0; hour < days * 24; ++hour) {
  const ts = from + hour * HOUR_MS;
  const close = price * Math.exp(0.004 * normal(random));
  const bar = (scale) => ({
    ts,
    open: Number((price * scale).toFixed(4)),
    high: Number((Math.max(price, close) * 1.002 * scale).toFixed(4)),
    low: Number((Math.min(price, close) * 0.998 * scale).toFixed(4)),
    close: Number((close * scale).toFixed(4)),
    volume: 1000
  });
  spot.push(bar(1));
  perp.push(bar(1.001));
  if (hour % 8 === 0) {
    rate = 0.95 * rate + 0.05 * 0.0004 + 0.00005 * normal(random);
    funding.push({tsMs: ts, rate: rate.toFixed(8)});
  }
  price = close;
}

/** @type {import("carrybook/lib").MarketData} */
const market = {
  pair: "BTC/USDT",
  timeframe: "1h",
  funding,
  spot: candlesOf("1h", spot),
  perp: candlesOf("1h", perp)
};

const config = parseConfig({...strategyEntries("simple"), minRate: "0.0003", exitRate: "0.0001"});
const result = runBacktest([market], config);
const {portfolio, runs} = backtestReport(result);

// The parts of every trade add up to its net, to the last digit.
for (const trade of runs[0].trades) {
  const parts = decimal(trade.funding)
    .plus(trade.basis)
    .minus(trade.fees)
    .minus(trade.slippage)
    .minus(trade.borrow)
    .minus(trade.liquidationLoss)
    .plus(trade.liquidationDrift);
  if (!parts.eq(trade.net)) throw new Error(`invalid net: ${trade.net}, the parts give ${text(parts)}`);
}

const {history} = result.pairs[0].window;
const rates = history.settlements.map(({rate8h}) => rate8h && toNumber(rate8h));
const signals = history.signals(history.settlements.length - 1);
const tripCosts = toNumber(roundTrip(config));

const summary = summariseFunding(
  {
    t: history.t,
    rate: Float64Array.from(history.settlements, (settlement) => toNumber(settlement.rate)),
    rate8h: Float64Array.from(rates, (value) => value ?? NaN)
  },
  {fromTs: from - 1, toTs: from + days * 24 * HOUR_MS, roundTrip: tripCosts, threshold: 0.0003}
);

const composite = signals?.composite(parseConfig().weights);
const {label} = judge({
  pair: market.pair,
  venue: "made up",
  rates,
  newest: rates.at(-1),
  trend: signals?.trend,
  composite: composite && toNumber(composite),
  roundTrip: tripCosts
});

const runner = new SweepRunner({
  markets: [market],
  range: {},
  base: {...strategyEntries("simple"), exitRate: "0.0001"},
  axes: [parseAxis("minRate=0.0002:0.0005:0.0001")]
});
const trials = runner.run(0, runner.length).map((trial) => {
  const {params, outcome} = nameTrial(runner, trial);
  return {minRate: params.minRate, net: Number(outcome.net.toFixed(6))};
});

console.log(
  JSON.stringify(
    {
      net: portfolio.totals.net,
      trades: portfolio.totals.trades,
      annualReturn: metricsOf(result).annualReturn,
      aprGross: summary.aprGross,
      label,
      trials
    },
    undefined,
    2
  )
);
