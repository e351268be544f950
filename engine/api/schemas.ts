import {z} from "zod";
import {UsageError} from "../../loaders/errors.js";
import {isOwnSeries, parsePair, type OwnSeries} from "../../src/lib/market/pair.js";
import {TIMEFRAMES} from "../../src/lib/time/grid.js";
import {parseInstant} from "../../src/lib/time/instant.js";
import {LIMIT_SHARE} from "../../src/lib/wire/data.js";
import {DEFAULT_SERIES, FETCHED_SERIES} from "../data/request.js";
import {EVENTS, LOUDNESS, type EventName} from "../config/notify.js";

const maybe = <T>(read: (text: string) => T) =>
  z
    .string()
    .max(100)
    .transform((text, context) => {
      try {
        return read(text);
      } catch (error) {
        context.addIssue({code: "custom", message: (error as Error).message});
        return z.NEVER;
      }
    });

const pairs = z.array(maybe(parsePair)).min(1).max(1_000);
const venue = z.string().regex(/^[a-z0-9]{1,40}$/, "a ccxt id such as bybit");
const count = (most: number) => z.number().int().min(1).max(most);
/** UTC ms or instant text */
const instant = z.union([
  z.number().int().min(0).max(8_640_000_000_000_000),
  maybe((text) => parseInstant(text, "at"))
]);
const decimal = (least: "any" | "zero" | "above zero") =>
  z
    .string()
    .max(40)
    .regex(least === "any" ? /^-?\d{1,15}(\.\d{1,18})?$/ : /^\d{1,15}(\.\d{1,18})?$/, "a decimal as text")
    .refine((text) => least !== "above zero" || /[1-9]/.test(text), "must be above 0");
const wanted = {
  series: z
    .array(z.enum(FETCHED_SERIES))
    .min(1)
    .max(FETCHED_SERIES.length)
    .default([...DEFAULT_SERIES]),
  timeframes: z.array(z.enum(TIMEFRAMES)).min(1).max(TIMEFRAMES.length).default(["1h"])
};

const backfill = {
  venue: venue.default("bybit"),
  url: z
    .url({protocol: /^https?$/})
    .max(2_000)
    .optional(),
  top: count(1_000).default(20),
  quote: z.enum(["USDT", "USDC"]).optional(),
  pairs: pairs.optional(),
  days: count(3_650).optional(),
  from: instant.optional(),
  to: instant.optional(),
  ...wanted
};
const oneStart = ({days, from}: {days?: number | undefined; from?: unknown}) =>
  days === undefined || from === undefined;

/** One history: settlements have no timeframe, a person's own series may have one, all others need one. */
const history = {
  venue,
  pair: maybe(parsePair),
  series: z.union([z.enum(FETCHED_SERIES), z.custom<OwnSeries>(isOwnSeries, "a series, or own:NAME")]),
  timeframe: z.enum(TIMEFRAMES).optional()
};
const isHistory = ({series, timeframe}: {series: string; timeframe?: string | undefined}) =>
  isOwnSeries(series) || (series === "funding") === (timeframe === undefined);
const NO_HISTORY = "a series on a grid needs a timeframe, settlements have none";

const text = z.string().min(1).max(200);
/** Answers about files; what they mean is checked where they are used. */
const answers = {
  pair: maybe(parsePair).optional(),
  series: history.series.optional(),
  timeframe: z.enum(TIMEFRAMES).optional(),
  tz: text.optional(),
  rateUnit: z.enum(["share", "percent", "bps"]).optional(),
  ratePeriod: z.enum(["hour", "day", "year"]).optional(),
  knownLag: z.string().max(10).optional(),
  dateOrder: z.enum(["dmy", "mdy"]).optional(),
  decimal: z.enum(["point", "comma"]).optional(),
  intervalHours: z.number().int().min(1).max(24).optional(),
  columns: text.optional()
};
const upload = z.string().regex(/^[0-9a-f]{32}$/, "the upload that POST /imports/files named");

/** The input of every route, strict: a key that is not known is an error. */
export const SCHEMAS = {
  none: z.strictObject({}),
  ticket: z.strictObject({ticket: z.string().min(1).max(200)}),
  jobs: z.discriminatedUnion("kind", [
    z.strictObject({kind: z.literal("backfill"), ...backfill}).refine(oneStart, "days conflicts with from"),
    z.strictObject({kind: z.literal("update"), venue: venue.optional()}),
    z.strictObject({kind: z.literal("repair")})
  ]),
  estimate: z
    .strictObject({kind: z.literal("backfill").default("backfill"), ...backfill})
    .refine(oneStart, "days conflicts with from"),
  ids: z.strictObject({ids: z.array(z.string().min(1).max(200)).min(1).max(1_000)}),
  limits: z.strictObject({venue, share: z.number().min(LIMIT_SHARE.least).max(LIMIT_SHARE.most)}),
  pairsOf: z.strictObject({pairs, venue: venue.optional()}),
  check: z.strictObject(history).refine(isHistory, NO_HISTORY),
  fill: z
    .strictObject({...history, from: instant.optional(), to: instant.optional()})
    .refine(isHistory, NO_HISTORY)
    .refine(({from, to}) => from === undefined || to === undefined || from < to, "from is not before to"),
  refresh: z.strictObject({
    venue,
    pair: maybe(parsePair).optional(),
    series: history.series.optional(),
    timeframe: history.timeframe
  }),
  imports: z.strictObject({
    upload,
    given: z.strictObject({
      venue: venue.refine((id) => id !== "sim", "simulated rows are not imported"),
      ...answers,
      badRows: z.enum(["refuse", "skip"]).optional(),
      replace: z.boolean().optional()
    }),
    answers: z.record(z.string().max(1_000), z.strictObject(answers)).optional()
  }),
  track: z.strictObject({
    pairs: z.array(maybe(parsePair)).max(1_000),
    venue: venue.optional(),
    days: count(3_650).default(365),
    ...wanted
  }),
  untrack: z.strictObject({pairs, venue: venue.optional(), timeframe: z.enum(TIMEFRAMES).optional()}),
  backtest: z.strictObject({
    pairs,
    strategy: z.string().max(100).optional(),
    set: z.record(z.string().max(100), z.string().max(100)).default({}),
    from: instant.optional(),
    to: instant.optional(),
    timeframe: z.enum(TIMEFRAMES).optional(),
    venue: venue.optional()
  }),
  notify: z.strictObject({
    events: z
      .strictObject(
        Object.fromEntries(Object.keys(EVENTS).map((name) => [name, z.enum(LOUDNESS)])) as Record<
          EventName,
          z.ZodEnum<{on: "on"; silent: "silent"; off: "off"}>
        >
      )
      .partial()
      .refine((patch) => Object.keys(patch).length > 0, "nothing to change")
  }),
  stop: z.strictObject({positions: z.enum(["keep", "close"]).optional()}),
  pause: z.strictObject({reason: z.string().max(500).default("requested by the operator")}),
  settings: z
    .strictObject({
      minRate: decimal("any"),
      exitRate: decimal("any"),
      maxPositionUsd: decimal("above zero"),
      portfolioCapUsd: decimal("above zero"),
      maxHedges: count(100_000),
      minTurnover24h: decimal("zero"),
      intervalMs: z.number().int().min(1_000).max(86_400_000)
    })
    .partial()
    .refine((patch) => Object.keys(patch).length > 0, "nothing to change")
};

const jobFilter = {
  status: z.enum(["pending", "queued", "in_progress", "completed", "failed", "cancelled"]).optional(),
  kind: z.enum(["backfill", "update", "repair", "import", "features"]).optional(),
  pair: maybe(parsePair).optional(),
  series: history.series.optional(),
  /** UTC ms or instant text */
  since: maybe((text) => (/^\d{1,16}$/.test(text) ? Number(text) : parseInstant(text, "since"))).optional()
};

/** Query parameters; each arrives as text. */
export const QUERIES = {
  none: z.strictObject({}),
  jobs: z.strictObject({limit: z.coerce.number().int().min(1).max(1_000).default(50), ...jobFilter}),
  export: z.strictObject({limit: z.coerce.number().int().min(1).max(10_000_000).optional(), ...jobFilter}),
  page: z.strictObject({
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional()
  }),
  decisions: z.strictObject({
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    pair: maybe(parsePair).optional()
  }),
  upload: z.strictObject({name: z.string().min(1).max(1_000), upload: upload.optional()}),
  limit: z.strictObject({limit: z.coerce.number().int().min(1).max(1_000).default(100)})
};

/** Validates an input. @throws UsageError naming the first invalid key and the reason */
export function readInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.map(String).join(".");
  const where =
    issue.code === "unrecognized_keys" ? [path, issue.keys[0]!.slice(0, 60)].filter(Boolean).join(".") : path;
  const why = issue.code === "unrecognized_keys" ? "unknown key" : issue.message;
  throw new UsageError(`invalid ${where || "body"}: ${why}`, {fix: fixOf(schema, issue)});
}

/** Returns the keys that the input takes where one is unknown, else where to read of them. */
function fixOf(schema: z.ZodType, {code, path}: {code: string; path: readonly PropertyKey[]}): string {
  if (code !== "unrecognized_keys" || path.length > 0 || !(schema instanceof z.ZodObject))
    return "the page `reference/engine-api` says what each route takes";
  const keys = Object.keys(schema.shape as object);
  return keys.length === 0 ? "it takes no keys" : `keys are ${keys.join(", ")}`;
}
