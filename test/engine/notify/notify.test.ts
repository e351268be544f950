import {createServer as createHttp} from "node:http";
import {createServer as createTcp, type AddressInfo} from "node:net";
import {readFileSync, statSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterEach, beforeEach, describe, expect, it, vi} from "vitest";
import {channelsOf, type Channel, type Message} from "../../../engine/notify/channels.js";
import {EVENTS, notifyConfig, notifySecrets} from "../../../engine/config/notify.js";
import {Notifier} from "../../../engine/notify/notifier.js";
import {Switches} from "../../../engine/notify/switches.js";
import type {Notification} from "../../../src/lib/wire/trading.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";
import {virtualClock} from "../../helpers/clock.js";
import {tmp} from "../../helpers/tmp.js";

const T = Date.UTC(2026, 2, 2, 8);
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const note = (text: string, event = "opened", level: Notification["level"] = "info") => ({
  ts: T,
  level,
  event,
  text,
  pair: "BTC/USDT"
});
/** Advances the clock until no timer of the notifier or its retries is left. */
const idle = () => vi.runAllTimersAsync();

function rig(given: unknown = {}, channel?: Channel["send"], file = join(tmp(), "notifications.json")) {
  const config = notifyConfig.parse(given);
  const sent: Message[] = [];
  const shown: Notification[] = [];
  const clock = virtualClock(T);
  const send: Channel["send"] = async (message) => {
    await channel?.(message);
    sent.push(message);
  };
  const notifier = new Notifier({
    config,
    switches: new Switches(config.events, file),
    channels: [{name: "webhook", send}],
    clock,
    log: {warn: () => undefined},
    onShown: (notification) => void shown.push(notification),
    retryMs: 1
  });
  return {sent, shown, clock, notifier};
}

describe("notifier", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("events within the group time make one message, in order; the page gets them at once", async () => {
    const {notifier, sent, shown} = rig();
    for (const text of ["a", "b", "c"]) notifier.notify(note(text));
    expect(shown.map(({text}) => text)).toEqual(["a", "b", "c"]);
    expect(sent).toEqual([]);
    await idle();
    expect(sent.map(({notifications}) => notifications.map(({text}) => text))).toEqual([["a", "b", "c"]]);
  });

  it("each event is on, silent or off", async () => {
    const {notifier, sent, shown} = rig({events: {opened: "silent", closed: "off"}});
    notifier.notify(note("opened", "opened"));
    notifier.notify(note("closed", "closed"));
    notifier.notify(note("risk", "risk"));
    await idle();
    expect(shown.map(({text}) => text)).toEqual(["opened", "risk"]);
    expect(sent.map(({silent, notifications}) => [silent, notifications[0]!.text])).toEqual([
      [false, "risk"],
      [true, "opened"]
    ]);
  });

  it("silent notification is marked, so the page lists it without a toast", () => {
    const {notifier, shown} = rig({events: {opened: "silent"}});
    notifier.notify(note("opened", "opened"));
    notifier.notify(note("risk", "risk"));
    expect(shown.map(({silent}) => silent)).toEqual([true, undefined]);
  });

  it("changed loudness applies at once, survives a restart, and ends when set to the configured value", async () => {
    const file = join(tmp(), "notifications.json");
    const given = {events: {closed: "off"}};
    const first = rig(given, undefined, file);
    expect(first.notifier.set({closed: "on", opened: "off"}).events).toEqual(
      expect.arrayContaining([
        {event: "closed", says: EVENTS.closed, loudness: "on", configured: "off"},
        {event: "opened", says: EVENTS.opened, loudness: "off", configured: "on"}
      ])
    );
    first.notifier.notify(note("a", "closed"));
    first.notifier.notify(note("b", "opened"));
    expect(first.shown.map(({text}) => text)).toEqual(["a"]);
    expect(statSync(file).mode & 0o077).toBe(0);
    const second = rig(given, undefined, file);
    expect([second.notifier.loudness("closed"), second.notifier.loudness("opened")]).toEqual(["on", "off"]);
    second.notifier.set({closed: "off"});
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({opened: "off"});
    expect(second.notifier.settings()).toMatchObject({channels: [{name: "webhook", failing: null}], perHour: 20});
  });

  it("corrupt settings file is ignored; an unwritable one changes nothing", () => {
    const file = join(tmp(), "notifications.json");
    writeFileSync(file, JSON.stringify({opened: "loud", nothing: "off", closed: "off"}));
    const {notifier} = rig({}, undefined, file);
    expect([notifier.loudness("opened"), notifier.loudness("closed")]).toEqual(["on", "off"]);
    writeFileSync(file, "{");
    expect(rig({}, undefined, file).notifier.loudness("closed")).toBe("on");
    const nowhere = rig({}, undefined, join(tmp(), "no", "such", "folder"));
    expect(() => nowhere.notifier.set({opened: "off"})).toThrow("notification settings cannot be saved");
    expect(nowhere.notifier.loudness("opened")).toBe("on");
  });

  it("hourly limit drops and counts messages; critical ones are always sent", async () => {
    const {notifier, sent, clock} = rig({perHour: 3, groupMs: 1_000});
    for (let i = 0; i < 10; i++) {
      notifier.notify(note(String(i)));
      await idle();
    }
    expect(sent).toHaveLength(3);
    notifier.notify(note("liquidated", "liquidated", "critical"));
    await idle();
    expect(sent).toHaveLength(4);
    expect(sent.at(-1)).toMatchObject({leftOut: 7});
    clock.advance(HOUR_MS);
    notifier.notify(note("later"));
    await idle();
    expect(sent.at(-1)).toMatchObject({leftOut: 0});
    expect(sent).toHaveLength(5);
  });

  it("failing channel is tried three times and reported once an hour", async () => {
    let tries = 0;
    const {notifier, sent, shown, clock} = rig({}, async () => {
      tries++;
      throw new Error("webhook: answered 500");
    });
    for (let i = 0; i < 3; i++) {
      notifier.notify(note(String(i)));
      await idle();
    }
    expect(tries).toBe(9);
    expect(sent).toEqual([]);
    expect(shown.filter(({event}) => event === "channel").map(({text}) => text)).toEqual([
      "a notification channel fails: webhook: answered 500"
    ]);
    expect(notifier.failing.get("webhook")).toBe("webhook: answered 500");
    clock.advance(HOUR_MS);
    notifier.notify(note("again"));
    await idle();
    expect(shown.filter(({event}) => event === "channel")).toHaveLength(2);
  });

  it("queued notifications are sent when the engine stops", async () => {
    const {notifier, sent} = rig({groupMs: 60_000_000});
    notifier.notify(note("emergency", "emergency", "critical"));
    await notifier.close();
    expect(sent.map(({notifications}) => notifications[0]!.text)).toEqual(["emergency"]);
  });

  it("notifier keeps the newest 500 notifications", () => {
    const {notifier} = rig({events: Object.fromEntries(Object.keys(EVENTS).map((name) => [name, "on"]))});
    for (let i = 0; i < 2_000; i++) notifier.notify(note(String(i)));
    expect(notifier.shown.length).toBeLessThanOrEqual(600);
    expect(notifier.shown.at(-1)!.text).toBe("1999");
  });
});

/** Starts a server that records POST bodies. */
async function receiver(status = 200) {
  const got: {url: string; body: unknown}[] = [];
  const server = createHttp((request, reply) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      got.push({url: request.url!, body: JSON.parse(text)});
      reply.writeHead(status).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got};
}

/** Starts a minimal SMTP server that records messages. */
async function mailServer() {
  const mails: string[] = [];
  const server = createTcp((socket) => {
    let data: string | undefined;
    let buffer = "";
    socket.write("220 mail\r\n");
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      buffer += String(chunk);
      for (let at = buffer.indexOf("\r\n"); at >= 0; at = buffer.indexOf("\r\n")) {
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        if (data !== undefined) {
          if (line === ".") {
            mails.push(data);
            data = undefined;
            socket.write("250 taken\r\n");
          } else data += `${line}\n`;
        } else if (/^DATA/i.test(line)) {
          data = "";
          socket.write("354 go on\r\n");
        } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return {url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}?ignoreTLS=true`, mails};
}

describe("channels", () => {
  const message: Message = {
    notifications: [
      {...note("BTC/USDT opened: 1000 of spot notional"), id: 1},
      {...note("BTC/USDT: the perp leg was liquidated", "liquidated", "critical"), id: 2}
    ],
    leftOut: 3,
    silent: false
  };

  it("webhook receives the notifications as JSON", async () => {
    const {url, got} = await receiver();
    const [channel] = channelsOf(
      notifyConfig.parse({webhook: {url: `${url}/hook`}}),
      notifySecrets(notifyConfig.parse({}), {})
    );
    await channel!.send(message);
    expect(got).toEqual([
      {url: "/hook", body: {source: "carrybook", notifications: message.notifications, leftOut: 3, silent: false}}
    ]);
  });

  it("Telegram receives plain text, without sound when silent; errors omit the token", async () => {
    const {url, got} = await receiver();
    const config = notifyConfig.parse({telegram: {chatId: -100, url}});
    const secrets = notifySecrets(config, {CARRYBOOK_TELEGRAM_TOKEN: "12:secret"});
    await channelsOf(config, secrets)[0]!.send({...message, silent: true});
    expect(got[0]!.url).toBe("/bot12:secret/sendMessage");
    expect(got[0]!.body).toEqual({
      chat_id: "-100",
      disable_notification: true,
      text: "2026-03-02 08:00 UTC · BTC/USDT opened: 1000 of spot notional\n2026-03-02 08:00 UTC !! BTC/USDT: the perp leg was liquidated\nand 3 more, dropped by the hourly limit"
    });
    const down = notifyConfig.parse({telegram: {chatId: 1, url: "http://127.0.0.1:9"}});
    const error = await channelsOf(down, secrets)[0]!
      .send(message)
      .catch((cause: Error) => cause.message);
    expect(error).toMatch(/^telegram: no answer/);
    expect(error).not.toContain("secret");
  });

  it("e-mail has the worst notification as subject and all in its body; silent ones are not mailed", async () => {
    const {url, mails} = await mailServer();
    const config = notifyConfig.parse({email: {to: "you@example.org", from: "book@example.org"}});
    const [channel] = channelsOf(config, notifySecrets(config, {CARRYBOOK_SMTP_URL: url}));
    await channel!.send(message);
    await channel!.send({...message, silent: true});
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatch(/^Subject: Carrybook: BTC\/USDT: the perp leg was liquidated and 1 more/m);
    expect(mails[0]).toMatch(/^To: you@example.org/m);
    expect(mails[0]).toContain("opened: 1000 of spot notional");
  });

  it("channel without its secret is a configuration error naming the variable", () => {
    expect(() => notifySecrets(notifyConfig.parse({telegram: {chatId: 1}}), {})).toThrow(
      "missing CARRYBOOK_TELEGRAM_TOKEN"
    );
    expect(() => notifySecrets(notifyConfig.parse({email: {to: "a@b.c"}}), {})).toThrow("missing CARRYBOOK_SMTP_URL");
  });
});
