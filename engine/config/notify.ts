import {z} from "zod";
import {ConfigError} from "../../loaders/errors.js";
import type {Loudness} from "../../src/lib/wire/trading.js";

/** Notification events, with what each reports; the operator sets each to on, silent or off. */
export const EVENTS = {
  "job-completed": "a batch of data jobs completed",
  "job-failed": "a batch of data jobs failed",
  "hole-found": "a new hole was found in a series",
  "hole-filled": "a hole was filled or confirmed missing",
  stale: "a series went stale",
  opened: "a hedge was opened",
  closed: "a hedge was closed",
  refused: "a hedge could not be opened",
  liquidated: "a perp leg was liquidated",
  risk: "a risk rule fired",
  paused: "trading was paused",
  resumed: "trading was resumed",
  halted: "trading was halted",
  emergency: "an emergency stop was triggered",
  keys: "a problem with the account's keys or fees",
  order: "the status of an order is unknown",
  "dry-run": "a dry run withheld an order",
  naked: "one leg of a hedge is unhedged",
  unwound: "a leg did not fill, so the other was unwound",
  foreign: "a fill or liquidation that the engine did not order",
  account: "the account changed outside of trading",
  settled: "funding was not paid as expected",
  channel: "a notification channel fails"
} as const;
export type EventName = keyof typeof EVENTS;

/** Loudness of an event, loudest first. */
export const LOUDNESS = ["on", "silent", "off"] as const satisfies readonly Loudness[];

/** Events that are silent by default. */
const QUIET: readonly string[] = ["job-completed", "dry-run"];

const loudness = (fallback: Loudness) => z.enum(LOUDNESS).default(fallback);

/** The `notify` section of the configuration. Secrets come from the environment only. */
export const notifyConfig = z
  .strictObject({
    webhook: z
      .strictObject({url: z.url().describe("receives a POST of JSON; CARRYBOOK_WEBHOOK_URL if it holds a secret")})
      .optional(),
    telegram: z
      .strictObject({
        chatId: z.union([z.string(), z.number()]).transform(String).describe("the token is CARRYBOOK_TELEGRAM_TOKEN"),
        url: z.url().default("https://api.telegram.org")
      })
      .optional(),
    email: z
      .strictObject({
        to: z.string().min(3),
        from: z.string().min(3).default("carrybook@localhost")
      })
      .optional()
      .describe("the server is CARRYBOOK_SMTP_URL, e.g. smtps://user:password@mail.example.org"),
    perHour: z
      .number()
      .int()
      .min(1)
      .default(20)
      .describe("maximum messages per channel and hour; further ones are only counted"),
    groupMs: z
      .number()
      .int()
      .min(0)
      .default(5_000)
      .describe("events within this time are grouped into one message, ms"),
    events: z
      .strictObject(
        Object.fromEntries(
          Object.keys(EVENTS).map((name) => [name, loudness(QUIET.includes(name) ? "silent" : "on")])
        ) as Record<EventName, ReturnType<typeof loudness>>
      )
      .prefault({})
  })
  .prefault({})
  .describe("notifications outside the page, and their channels");

export type NotifyConfig = z.infer<typeof notifyConfig>;

/** Secrets of the channels, from the environment. */
export interface NotifySecrets {
  webhookUrl: string | undefined;
  telegramToken: string | undefined;
  smtpUrl: string | undefined;
}

/** Reads the channels' secrets. @throws ConfigError for a configured channel without its secret */
export function notifySecrets(config: NotifyConfig, env: NodeJS.ProcessEnv): NotifySecrets {
  const secrets = {
    webhookUrl: env["CARRYBOOK_WEBHOOK_URL"] || undefined,
    telegramToken: env["CARRYBOOK_TELEGRAM_TOKEN"] || undefined,
    smtpUrl: env["CARRYBOOK_SMTP_URL"] || undefined
  };
  if (config.telegram && !secrets.telegramToken) {
    throw new ConfigError("missing CARRYBOOK_TELEGRAM_TOKEN: notify.telegram is set", {
      fix: "set it in the environment or in .env, or remove notify.telegram"
    });
  }
  if (config.email && !secrets.smtpUrl) {
    throw new ConfigError("missing CARRYBOOK_SMTP_URL: notify.email is set", {
      fix: "e.g. CARRYBOOK_SMTP_URL=smtps://user:password@mail.example.org, or remove notify.email"
    });
  }
  return secrets;
}
