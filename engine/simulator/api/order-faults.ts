import {z} from "zod";
import {Decimal, decimal} from "../../../src/lib/money/decimal.js";
import type {Handling} from "../account/handling.js";

/** Kinds of faults for single requests, mostly orders. */
export const ORDER_FAULTS = [
  "reject",
  "insufficient-funds",
  "timeout-after-accept",
  "timeout-before-accept",
  "partial",
  "partial-then-cancel",
  "rate-limited",
  "forbidden",
  "server-error",
  "stalled-body",
  "malformed",
  "duplicate-id",
  "remainder-under-minimum",
  "price-band",
  "not-found-at-first",
  "late-fill"
] as const;
type OrderFaultKind = (typeof ORDER_FAULTS)[number];

/** Kinds that apply to any private request; all others apply only to placing an order. */
const ANYWHERE: readonly OrderFaultKind[] = [
  "timeout-after-accept",
  "timeout-before-accept",
  "rate-limited",
  "forbidden",
  "server-error",
  "stalled-body",
  "malformed"
];

const share = z.union([z.number(), z.string()]).transform((value, context) => {
  try {
    const fraction = decimal(value, "fraction");
    if (fraction.gt(0) && fraction.lt(1)) return fraction;
  } catch {
    // reported below
  }
  context.addIssue({code: "custom", message: "between 0 and 1"});
  return z.NEVER;
});

const fault = z
  .strictObject({
    kind: z.enum(ORDER_FAULTS),
    apiKey: z.string().optional(),
    category: z.enum(["spot", "linear"]).optional(),
    symbol: z.string().optional(),
    side: z.enum(["Buy", "Sell"]).optional(),
    /** substring of the affected paths; default: placing an order */
    path: z.string().default("/order/create"),
    /** first matching request affected, counted from 1 */
    nth: z.number().int().min(1).default(1),
    /** number of consecutive requests affected; unlimited within `forMs` */
    times: z.number().int().min(1).optional(),
    /** duration on the venue's clock from the setting of the fault, ms */
    forMs: z.number().int().min(1).optional(),
    /** partial fills: filled share, between 0 and 1 */
    fraction: share.optional(),
    /** reject: the reply's code and message */
    code: z.number().int().optional(),
    message: z.string().optional(),
    /** reject: acknowledges the order first and reports it `Rejected` later */
    late: z.boolean().default(false),
    /** server-error, duplicate-id: true when the request still takes effect */
    accept: z.boolean().optional(),
    /** not-found-at-first: number of queries that miss the order, and for how long, ms */
    queries: z.number().int().min(0).optional(),
    hiddenMs: z.number().int().min(0).optional(),
    /** late-fill: delay of the fill after acceptance, ms, and whether queries show the order until then */
    delayMs: z.number().int().min(1).default(60_000),
    report: z.enum(["open", "nothing"]).default("open")
  })
  .refine(({kind, path}) => path.includes("/order/create") || ANYWHERE.includes(kind), {
    path: ["kind"],
    message: "only for placing orders"
  });

type OrderFault = z.output<typeof fault>;

/**
 * Parses the body of `POST /sim/order-faults`.
 * @throws RangeError `invalid order faults: KEY …`
 */
export function parseOrderFaults(value: unknown): OrderFault[] {
  const result = z.array(fault).safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new RangeError(`invalid order faults: ${issue.path.join(".") || "list"} (${issue.message})`);
}

/** Effect of a fault on one request. */
interface Outcome {
  /** reply in place of the request, which has no effect */
  instead?: Reply;
  /** reply after the request has taken effect */
  after?: Reply;
  handling: Handling;
}

export type Reply =
  | {type: "code"; retCode: number; message: string}
  | {type: "rate-limited" | "forbidden" | "server-error" | "hang" | "stall" | "malformed"};

/** Properties of a request that faults match. */
interface FaultRequest {
  path: string;
  apiKey: string;
  category: unknown;
  symbol: unknown;
  side: unknown;
}

const DEFAULT_FRACTION = new Decimal("0.37");

/** The active faults, each with the number of requests it matched. */
export class OrderFaults {
  private readonly matched: number[];
  readonly counts: Partial<Record<OrderFaultKind, number>> = {};

  constructor(
    private readonly list: readonly OrderFault[] = [],
    private readonly setMs = 0
  ) {
    this.matched = list.map(() => 0);
  }

  /** Counts a request for every matching fault and returns the effect of the first one due. */
  next(request: FaultRequest, nowMs: number): Outcome | undefined {
    let due: OrderFault | undefined;
    this.list.forEach((entry, i) => {
      if (!matches(entry, request)) return;
      const n = (this.matched[i] = this.matched[i]! + 1);
      const times = entry.times ?? (entry.forMs === undefined ? 1 : Infinity);
      const over = entry.forMs !== undefined && nowMs >= this.setMs + entry.forMs;
      if (!over && n >= entry.nth && n < entry.nth + times) due ??= entry;
    });
    if (!due) return undefined;
    this.counts[due.kind] = (this.counts[due.kind] ?? 0) + 1;
    return outcome(due, request);
  }
}

function matches(entry: OrderFault, request: FaultRequest): boolean {
  return (
    request.path.includes(entry.path) &&
    (["apiKey", "category", "symbol", "side"] as const).every(
      (key) => entry[key] === undefined || entry[key] === request[key]
    )
  );
}

function outcome(entry: OrderFault, {category, side}: FaultRequest): Outcome {
  const spot = category === "spot";
  const code = (retCode: number, message: string): Reply => ({
    type: "code",
    retCode: entry.code ?? retCode,
    message: entry.message ?? message
  });
  const fraction = entry.fraction ?? DEFAULT_FRACTION;
  switch (entry.kind) {
    case "reject":
      if (entry.late) return {handling: {rejectLate: true}};
      return {instead: spot ? code(170210, "New order rejected.") : code(110032, "Illegal order"), handling: {}};
    case "insufficient-funds":
      return {
        instead: spot ? code(170131, "Insufficient balance.") : code(110007, "ab not enough for new order"),
        handling: {}
      };
    case "price-band":
      return {
        instead: spot
          ? side === "Sell"
            ? code(170194, "Sell order price cannot be lower than the limit.")
            : code(170193, "Buy order price cannot be higher than the limit.")
          : code(110003, "Order price exceeds the allowable range."),
        handling: {}
      };
    case "duplicate-id": {
      const reply = spot ? code(170141, "Duplicate clientOrderId.") : code(110072, "OrderLinkedID is duplicate");
      return entry.accept === false ? {instead: reply, handling: {}} : {after: reply, handling: {}};
    }
    case "timeout-before-accept":
      return {instead: {type: "hang"}, handling: {}};
    case "timeout-after-accept":
      return {after: {type: "hang"}, handling: {}};
    case "stalled-body":
      return {after: {type: "stall"}, handling: {}};
    case "malformed":
      return {after: {type: "malformed"}, handling: {}};
    case "rate-limited":
    case "forbidden":
      return {instead: {type: entry.kind}, handling: {}};
    case "server-error":
      return entry.accept === true
        ? {after: {type: "server-error"}, handling: {}}
        : {instead: {type: "server-error"}, handling: {}};
    case "partial":
      return {handling: {fraction}};
    case "partial-then-cancel":
      return {handling: {fraction, cancelRest: true}};
    case "remainder-under-minimum":
      return {handling: {underMinimum: true, cancelRest: true}};
    case "not-found-at-first":
      return {
        handling: {hide: {queries: entry.queries ?? (entry.hiddenMs === undefined ? 1 : 0), forMs: entry.hiddenMs ?? 0}}
      };
    case "late-fill":
      return {
        handling: {
          fillAfterMs: entry.delayMs,
          ...(entry.report === "nothing" ? {hide: {queries: 0, forMs: entry.delayMs}} : {})
        }
      };
  }
}
