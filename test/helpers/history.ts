import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {generator} from "../../src/lib/stats/random.js";

/**
 * Writes files of a made history of several pairs: funding with an interval switch and a hole, hourly perp and spot.
 */
export function makeHistory(dir: string, {pairs = 4, hours = 2_000, seed = 1} = {}): void {
  const next = generator(seed);
  const T0 = Date.UTC(2023, 10, 1);
  for (const folder of ["funding", "perp", "spot"]) mkdirSync(join(dir, folder), {recursive: true});
  for (let p = 0; p < pairs; p++) {
    const symbol = `C${String.fromCharCode(65 + p)}USDT`;
    const settlements = Array.from({length: Math.floor(hours / 4)}, (_, i) => i)
      .filter((i) => (i < hours / 8 ? i % 2 === 0 : true) && i !== 40 + 2 * p)
      .map((i) => `${T0 + i * 4 * 3_600_000 + Math.floor(next() * 15)},${((next() - 0.4) / 1000).toFixed(8)}`);
    writeFileSync(join(dir, "funding", `${symbol}.csv`), `ts,rate\n${settlements.join("\n")}`);
    let price = 50 + 100 * p;
    const perp: string[] = [];
    const spot: string[] = [];
    for (let h = 0; h < hours; h++) {
      const open = price;
      price *= 1 + (next() - 0.5) / 100;
      const line = (shift: number) =>
        [
          T0 + h * 3_600_000,
          ...[open, Math.max(open, price) * 1.001, Math.min(open, price) * 0.999, price].map((x) =>
            (x + shift).toFixed(4)
          ),
          (next() * 1000).toFixed(3)
        ].join(",");
      if (h % 997 !== 500) perp.push(line(0.01));
      spot.push(line(0));
    }
    writeFileSync(join(dir, "perp", `${symbol}-1h.csv`), perp.join("\n"));
    writeFileSync(join(dir, "spot", `${symbol}-1h.csv`), spot.join("\n"));
  }
}
