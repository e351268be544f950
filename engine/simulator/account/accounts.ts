import {z} from "zod";
import {Decimal, decimal} from "../../../src/lib/money/decimal.js";
import {VIP0_FEES} from "../../../src/lib/market/costs.js";
import {Account} from "./account.js";

/** Returns a schema of a decimal given as text or number, at least `min`. */
export const amount = (min: number | undefined = undefined) =>
  z.union([z.string(), z.number()]).transform((value, context): Decimal => {
    try {
      const read = decimal(value);
      if (min === undefined || read.gte(min)) return read;
    } catch {
      // reported below
    }
    context.addIssue({code: "custom", message: "not a decimal"});
    return z.NEVER;
  });

const rates = z.strictObject({maker: amount(), taker: amount()});
const fee = ({maker, taker}: {maker: string; taker: string}) => ({
  maker: new Decimal(maker),
  taker: new Decimal(taker)
});
const FEES = {spot: fee(VIP0_FEES.spot), linear: fee(VIP0_FEES.perp)};

const permissions = z.strictObject({
  readOnly: z.boolean().default(false),
  ContractTrade: z.array(z.enum(["Order", "Position"])).default(["Order", "Position"]),
  Spot: z.array(z.enum(["SpotTrade"])).default(["SpotTrade"]),
  Wallet: z.array(z.string()).default(["AccountTransfer"]),
  Derivatives: z.array(z.string()).default(["DerivativesTrade"])
});

const account = z.strictObject({
  apiKey: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  secret: z.string().min(1),
  balances: z.record(z.string().regex(/^[A-Z0-9]{1,16}$/), amount(0)),
  permissions: permissions.prefault({}),
  feeRates: z.strictObject({spot: rates.default(FEES.spot), linear: rates.default(FEES.linear)}).prefault({}),
  borrow: z
    .strictObject({allowed: z.boolean().default(false), hourlyRate: amount(0).default(new Decimal("0.000005"))})
    .prefault({}),
  marginMode: z.enum(["REGULAR_MARGIN", "ISOLATED_MARGIN"]).default("REGULAR_MARGIN"),
  liquidity: z.enum(["touch", "book"]).default("touch"),
  leverage: amount(1).default(new Decimal(10))
});

/** The body of `POST /sim/accounts` before its defaults. */
export type AccountInput = z.input<typeof account>;

/**
 * Opens an account, posting its initial balances as transfers in.
 * @throws RangeError `invalid KEY: …`; the secret is never in the message
 */
export function openAccount(value: unknown, nowMs: number): Account {
  const result = account.safeParse(value);
  if (!result.success) throw invalid("account", value, result.error);
  const {balances, ...options} = result.data;
  const opened = new Account(options, nowMs);
  for (const [currency, cashFlow] of Object.entries(balances)) {
    opened.post({ts: nowMs, type: "TRANSFER_IN", currency, qty: cashFlow, cashFlow});
  }
  return opened;
}

/** Returns `invalid KEY: VALUE` for the first invalid field; never includes a secret's value. */
export function invalid(whole: string, value: unknown, error: z.ZodError): RangeError {
  const issue = error.issues[0]!;
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
  let at: unknown = value;
  for (const key of path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
  const shown = path.includes("secret") || path.length === 0 ? issue.message : (JSON.stringify(at) ?? issue.message);
  return new RangeError(`invalid ${path.join(".") || whole}: ${shown}`);
}
