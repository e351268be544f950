import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import {formatDay} from "../../../src/lib/time/instant.js";
import {open, refused, stop} from "./refusal.js";

/** Deliveries are at 08:00 UTC of their day wherever such files come from. */
const DELIVERY_MS = 8 * HOUR_MS;
/** A clock may stand this far from UTC, so that the day of an archive may begin before or after it. */
const CLOCKS_MS = 14 * HOUR_MS;

/**
 * Tells the day of an archive from that of a delivery, which names write alike (`NEARUSDT-20250328`), by the rows: an
 * archive's day holds rows of that day alone, a contract's rows end with its delivery at the latest. Spot and
 * settlements have no delivery. Stops where the rows are a contract's, or where both fit and the series was not told.
 * @param dayTs the day behind the symbol, UTC ms; undefined where there is none
 * @param span opens of the first and the last row, UTC ms
 */
export function checkDelivery(
  dayTs: number | undefined,
  {series, told}: {series: string; told: boolean},
  {first, last}: {first: number; last: number}
): void {
  if (dayTs === undefined || series === "spot" || series === "funding") return;
  if (last >= dayTs + DELIVERY_MS) return;
  const isOfDay = first >= dayTs - CLOCKS_MS && last - first < DAY_MS;
  const day = formatDay(dayTs);
  if (!isOfDay) {
    const words = `its rows end by ${day}, as those of a future that is delivered then`;
    stop(
      refused(
        "contract",
        `${words}; histories are of spot and of linear perpetuals`,
        "rename the file without the day if that is when it was written"
      )
    );
  }
  if (told) return;
  const words = `${day} in its name may be the day of its rows, or that of a future's delivery`;
  stop(open("series", words, `pass --series ${series} if its rows are of no future`));
}
