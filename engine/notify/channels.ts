import {createTransport} from "nodemailer";
import type {Notification} from "../../src/lib/wire/trading.js";
import type {NotifyConfig, NotifySecrets} from "../config/notify.js";

/** A group of notifications sent together, in the order they occurred. */
export interface Message {
  notifications: readonly Notification[];
  /** earlier notifications dropped by the hourly limit */
  leftOut: number;
  silent: boolean;
}

/** A way to reach an operator outside the page. */
export interface Channel {
  name: "webhook" | "telegram" | "email";
  /** @throws the reason it was not sent; the error never contains a secret */
  send(message: Message): Promise<void>;
}

const DEADLINE_MS = 10_000;

/** Builds the configured channels. */
export function channelsOf(config: NotifyConfig, secrets: NotifySecrets): Channel[] {
  const channels: Channel[] = [];
  const webhook = secrets.webhookUrl ?? config.webhook?.url;
  if (webhook !== undefined) channels.push(webhookChannel(webhook));
  if (config.telegram && secrets.telegramToken !== undefined)
    channels.push(telegramChannel(config.telegram, secrets.telegramToken));
  if (config.email && secrets.smtpUrl !== undefined) channels.push(emailChannel(config.email, secrets.smtpUrl));
  return channels;
}

const webhookChannel = (url: string): Channel => ({
  name: "webhook",
  send: ({notifications, leftOut, silent}) =>
    post("webhook", url, {source: "carrybook", notifications, leftOut, silent})
});

const telegramChannel = ({chatId, url}: NonNullable<NotifyConfig["telegram"]>, token: string): Channel => ({
  name: "telegram",
  // plain text: without `parse_mode`, Telegram interprets no markup
  send: (message) =>
    post("telegram", `${url.replace(/\/$/, "")}/bot${token}/sendMessage`, {
      chat_id: chatId,
      text: textOf(message),
      disable_notification: message.silent
    })
});

function emailChannel({to, from}: NonNullable<NotifyConfig["email"]>, smtpUrl: string): Channel {
  const transport = createTransport({url: smtpUrl, connectionTimeout: DEADLINE_MS, socketTimeout: DEADLINE_MS});
  return {
    name: "email",
    send: async (message) => {
      if (message.silent) return;
      try {
        await transport.sendMail({from, to, subject: subjectOf(message), text: textOf(message)});
      } catch (error) {
        throw new Error(`email: ${(error as Error).message.replaceAll(smtpUrl, "[server]")}`);
      }
    }
  };
}

async function post(name: string, url: string, body: unknown): Promise<void> {
  let reply: Response;
  try {
    reply = await fetch(url, {
      method: "POST",
      headers: {"content-type": "application/json"},
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: "error"
    });
  } catch (error) {
    // the URL may contain a secret and is not reported
    const cause = (error as {cause?: {code?: string}}).cause?.code ?? (error as Error).name;
    throw new Error(`${name}: no answer (${cause})`);
  }
  await reply.text().catch(() => "");
  if (!reply.ok) throw new Error(`${name}: answered ${reply.status}`);
}

const MARKS: Record<Notification["level"], string> = {info: "·", warn: "!", critical: "!!"};

/** Formats a message as text, one line per notification, times in UTC. */
function textOf({notifications, leftOut}: Message): string {
  const lines = notifications.map(
    ({ts, level, text}) => `${new Date(ts).toISOString().slice(0, 16).replace("T", " ")} UTC ${MARKS[level]} ${text}`
  );
  if (leftOut > 0) lines.push(`and ${leftOut} more, dropped by the hourly limit`);
  return lines.join("\n");
}

function subjectOf({notifications}: Message): string {
  const [first, ...more] = [...notifications].sort((a, b) => MARKS[b.level].length - MARKS[a.level].length);
  return `Carrybook: ${first!.text.slice(0, 120)}${more.length > 0 ? ` and ${more.length} more` : ""}`;
}
