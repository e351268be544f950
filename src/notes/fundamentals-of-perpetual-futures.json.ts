import {sqlRows} from "../../loaders/snapshots/index.js";

// Data loader of a note: SQL over the lake, a few rows to the page. To use it as a template, copy it and change the query.
const rows = await sqlRows(`
  SELECT
    pair,
    count(*)::INTEGER AS n,
    (avg(rate::DOUBLE) * 1095 * 100)::DOUBLE AS mean,
    (stddev_samp(rate::DOUBLE) * 1095 * 100)::DOUBLE AS sd,
    min(boundary_ts)::DOUBLE AS first,
    max(boundary_ts)::DOUBLE AS last
  FROM funding
  WHERE venue = 'binance'
    AND pair IN ('BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'DOGE/USDT', 'ADA/USDT')
    AND boundary_ts >= epoch_ms(TIMESTAMP '2020-01-08 00:00:00')
    AND boundary_ts < epoch_ms(TIMESTAMP '2024-03-12 00:00:00')
  GROUP BY pair
  ORDER BY pair
`);

process.stdout.write(JSON.stringify(rows));
