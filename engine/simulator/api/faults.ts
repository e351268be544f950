import {z} from "zod";
import {uniform} from "../market/noise.js";

/** Kinds of random faults. */
export const FAULTS = [
  "truncate",
  "html",
  "empty",
  "no-list",
  "shuffle",
  "duplicate",
  "outside",
  "nan",
  "500",
  "429",
  "10006",
  "10016",
  "10002",
  "reset",
  "stall"
] as const;
export type Fault = (typeof FAULTS)[number];

const plan = z.strictObject({
  /** share of requests that fail */
  rate: z.number().min(0).max(1).default(0.05),
  kinds: z
    .array(z.enum(FAULTS))
    .min(1)
    .default([...FAULTS]),
  /** substring of the affected paths */
  path: z.string().default(""),
  seed: z.number().int().default(1),
  /** most consecutive failures; the default lets a client with three attempts succeed */
  inARow: z.number().int().min(1).default(2)
});

type FaultPlan = z.infer<typeof plan>;

/**
 * Parses a fault plan of `POST /sim/faults` or `--faults FILE`; `{}` means 5 % of requests, any kind.
 * @throws RangeError `invalid faults: KEY …`
 */
export function parseFaults(value: unknown): FaultPlan {
  const result = plan.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new RangeError(`invalid faults: ${issue.path.join(".") || "plan"} (${issue.message})`);
}

/** Draws each request's fault from the plan's seed, so every run has the same faults. */
export class Faults {
  private drawn = 0;
  private run = 0;
  readonly counts: Partial<Record<Fault, number>> = {};

  constructor(readonly plan: FaultPlan | undefined) {}

  next(path: string): Fault | undefined {
    if (!this.plan || !path.includes(this.plan.path)) return undefined;
    const {rate, kinds, seed, inARow} = this.plan;
    const i = this.drawn++;
    if (this.run >= inARow || uniform(seed, i, 1) >= rate) {
      this.run = 0;
      return undefined;
    }
    this.run++;
    const kind = kinds[Math.floor(uniform(seed, i, 2) * kinds.length)]!;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return kind;
  }
}

/** Returns a reply's rows corrupted so that they still parse. */
export function corrupt(rows: unknown[], fault: Fault, seed: number): unknown[] {
  if (fault === "shuffle") {
    return rows
      .map((row, i) => ({row, key: uniform(seed, i, 3)}))
      .sort((a, b) => a.key - b.key)
      .map(({row}) => row);
  }
  if (fault === "duplicate") return rows.flatMap((row, i) => (uniform(seed, i, 4) < 0.2 ? [row, row] : [row]));
  if (fault === "outside") return rows.length > 0 ? [...rows, backdated(rows.at(-1))] : rows;
  if (fault === "nan") return rows.map((row, i) => (i === 0 ? withInvalidValue(row) : row));
  return rows;
}

const YEARS = 20 * 365 * 86_400_000;

/** Returns the row dated twenty years earlier. */
function backdated(row: unknown): unknown {
  if (Array.isArray(row)) return [String(Number(row[0]) - YEARS), ...(row.slice(1) as unknown[])];
  const dated = row as Record<string, unknown>;
  const stamp = "timestamp" in dated ? "timestamp" : "fundingRateTimestamp";
  return {...dated, [stamp]: String(Number(dated[stamp] ?? 0) - YEARS)};
}

function withInvalidValue(row: unknown): unknown {
  if (Array.isArray(row)) return (row as unknown[]).map((value, i) => (i === 4 ? "" : value));
  const value = "openInterest" in (row as object) ? "openInterest" : "fundingRate";
  return {...(row as object), [value]: "NaN"};
}
