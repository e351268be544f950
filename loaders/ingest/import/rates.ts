import {HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {hoursOf, isTrue, plainNumber} from "./cells.js";
import type {ColumnPlan} from "./columns.js";
import type {Given, RateUnit} from "./given.js";
import {pairOfSymbol} from "./identity.js";
import {instantIn, type ZoneFrom} from "./instants.js";
import type {NameFacts, Source} from "./name.js";
import {open, refused, stop} from "./refusal.js";
import {looksScaled, rateRows, rateRowsAt, type RateAt} from "./settlements.js";
import type {StampReading} from "./stamp.js";
import type {Table, TableRecord} from "./table.js";

/** Venues that settle on whole multiples of the interval from midnight UTC. */
const ON_MIDNIGHT = new Set(["binance", "bybit", "okx", "bitget", "gate", "htx", "hyperliquid", "kucoin", "mexc"]);
/** Venues that settle hourly. */
const HOURLY = new Set(["hyperliquid", "krakenfutures", "dydx", "paradex", "vertex"]);

export function rateUnitOf(
  sample: readonly TableRecord[],
  {columns, rateUnit}: ColumnPlan,
  table: Table,
  given: Given
): RateUnit {
  if (given.rateUnit !== undefined) return given.rateUnit;
  const texts = sample.flatMap(({fields}) => fields[columns.rate!]?.trim() || []);
  if (texts.some((text) => text.endsWith("%"))) return "percent";
  if (rateUnit !== undefined) return rateUnit;
  const rates = texts.map((text) => Number(plainNumber(text, table.decimalComma))).filter(Number.isFinite);
  if (!looksScaled(rates)) return "share";
  return stop(
    open(
      "rate-unit",
      `its rates are too large for shares (typically ${typical(rates)})`,
      "pass --rate-unit percent, bps or share"
    )
  );
}

const typical = (rates: readonly number[]): number => {
  const sizes = rates.map(Math.abs).sort((a, b) => a - b);
  return sizes[(sizes.length - 1) >> 1]!;
};

/** Sources whose funding files hold settlements and nothing between them. */
const SETTLED_SOURCES = new Set<Source>(["binance", "okx", "freqtrade"]);

interface Carried {
  sample: readonly TableRecord[];
  columns: ColumnPlan;
  reading: StampReading;
  zoneFrom: ZoneFrom;
  filtered: boolean;
  facts: NameFacts;
  pair: string;
}

/** Rates carried on over the rows between settlements, and clocks that are not UTC, show in where the rates change. */
export function carriedOf(
  {sample, columns, reading, zoneFrom, filtered, facts, pair}: Carried,
  given: Given
): number | undefined {
  const {ts, rate, symbol, pair: pairColumn, forecast} = columns.columns;
  const column = pairColumn ?? symbol;
  const rows = sample.flatMap(({fields}) => {
    const at = instantIn(fields[ts!], reading);
    const text = fields[rate!]?.trim();
    const mine = !filtered || pairOfSymbol(fields[column!] ?? "") === pair;
    const settled = forecast === undefined || !isTrue(fields[forecast]);
    return at !== undefined && text && mine && settled ? [{ts: at, rate: text}] : [];
  });
  const {intervalHours} = given;
  const found =
    intervalHours !== undefined
      ? rateRowsAt(rows, intervalHours)
      : SETTLED_SOURCES.has(facts.source) || isToldSettled(rows, sample, columns.columns.interval)
        ? ({kind: "settlements"} as const)
        : rateRows(rows, HOURLY.has(given.venue) ? 1 : 8);
  if (found.kind === "moving") {
    stop(
      refused(
        "forecast",
        "its rates move between settlements: they are forecasts or a ticker's",
        "import a file of settled rates"
      )
    );
  }
  if (found.kind === "either") {
    stop(
      open(
        "carried-rates",
        `its rates are the same over ${found.hours} hours: each row may be a settlement, or one rate may be carried on`,
        `pass --interval-hours with the hours between settlements, e.g. ${found.hours}`
      )
    );
  }
  checkHours(rows, zoneFrom, given);
  return found.kind === "carried" ? found.hours : undefined;
}

/** True where the file tells its interval, and its rows are that far apart. */
function isToldSettled(rows: readonly RateAt[], sample: readonly TableRecord[], column: number | undefined): boolean {
  if (column === undefined) return false;
  const told = sample.map(({fields}) => Number(hoursOf(fields[column] ?? null))).filter((hours) => hours > 0);
  if (told.length < sample.length / 2) return false;
  return rateRowsAt(rows, told.sort((a, b) => a - b)[told.length >> 1]!).kind === "settlements";
}

/** Settlements that miss the venue's hours betray the clock that wrote them, or the zone in which they are read. */
function checkHours(rows: readonly {ts: number}[], zoneFrom: ZoneFrom, {venue, tz}: Given): void {
  if (!ON_MIDNIGHT.has(venue) || rows.length < 3) return;
  const sorted = rows.map((row) => row.ts).sort((a, b) => a - b);
  const distances = sorted.slice(1).map((at, i) => at - sorted[i]!);
  const step = Math.round(distances.sort((a, b) => a - b)[distances.length >> 1]! / HOUR_MS);
  if (step < 2) return;
  // An epoch is believed unless every settlement misses the hours by the same amount, as a shifted clock does.
  const phases = new Set(sorted.map((at) => Math.round(at / MINUTE_MS) % (step * 60)));
  if (zoneFrom !== "given" && (phases.size > 1 || rows.length < 10)) return;
  const off = sorted.filter((at) => Math.round(at / MINUTE_MS) % (step * 60) !== 0).length;
  if (off < rows.length / 4) return;
  stop(
    refused(
      "local-clock",
      `${zoneFrom === "given" ? `read in ${tz}, ` : ""}its settlements are ${step} hours apart and miss the hours at which ${venue} settles`,
      "pass --tz with the zone of the clock that wrote the stamps"
    )
  );
}
