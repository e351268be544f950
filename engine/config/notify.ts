import {z} from "zod";
import {ConfigError} from "../../loaders/errors.js";
import type {Loudness} from "../../src/lib/wire/trading.js";

/** Notification events, with what each reports; the operator sets each to on, silent or off. */
export const EVENTS = {
  "job-completed": "a batch of ingestion work is complete",
  "job-failed": "ingestion work failed",
  "hole-found": "a series has a hole that it did not have",
  "hole-filled": "a hole was filled",
  stale: "data has gone stale",
  opened: "a hedge was opened",
  closed: "a hedge was closed",
  refused: "a hedge could not be opened",
  liquidated: "a perp leg was liquidated",
  risk: "a risk rule fired",
  paused: "trading was paused",
  resumed: "trading was resumed",
  halted: "trading was halted",
  emergency: "an emergency stop",
  keys: "something about the account's keys or fees",
  order: "what became of an order is not known",
  "dry-run": "an order that a dry run has not sent",
  naked: "one leg of a hedge stands alone",
  unwound: "a leg could not be had, the other was taken back",
  foreign: "something happened on the account without an order",
  account: "the account changed outside of trading",
  settled: "funding was not paid as expected",
  channel: "a channel of notifications fails"
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
    perHour: z.number().int().min(1).default(20).describe("messages of one channel in an hour; more are summed up"),
    groupMs: z.number().int().min(0).default(5_000).describe("what happens within this long is one message, ms"),
    events: z
      .strictObject(
        Object.fromEntries(
          Object.keys(EVENTS).map((name) => [name, loudness(QUIET.includes(name) ? "silent" : "on")])
        ) as Record<EventName, ReturnType<typeof loudness>>
      )
      .prefault({})
  })
  .prefault({})
  .describe("what is told outside the page, and where");

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
      fix: "set it in the environment or in .env, or take notify.telegram out"
    });
  }
  if (config.email && !secrets.smtpUrl) {
    throw new ConfigError("missing CARRYBOOK_SMTP_URL: notify.email is set", {
      fix: "e.g. CARRYBOOK_SMTP_URL=smtps://user:password@mail.example.org, or take notify.email out"
    });
  }
  return secrets;
}
