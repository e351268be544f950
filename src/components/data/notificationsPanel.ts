import type {Loudness, Notification, NotificationSettings} from "../../lib/wire/trading.js";
import {badge} from "../ui/badge.js";
import {h} from "../ui/dom.js";
import type {EngineClient} from "../engine/engineClient.js";
import {instant} from "../ui/format.js";
import {KeyedTable} from "../ui/keyedTable.js";
import {errorWords} from "../ingest/workModel.js";

const LEVELS = {info: "plain", warn: "warn", critical: "bad"} as const;
const WORDS = {info: "info", warn: "warning", critical: "critical"} as const;
const LOUD: Readonly<Record<Loudness, string>> = {
  on: "on: shown and sent",
  silent: "silent: listed only",
  off: "off"
};
const MAX_NOTIFICATIONS = 200;

/** Describes the channels that notifications are sent to. */
export function channelWords({channels, perHour}: Pick<NotificationSettings, "channels" | "perHour">): string {
  if (!channels.length)
    return "Notifications are shown on these pages only. To send them elsewhere, set notify.webhook, notify.telegram or notify.email in carrybook.config.json.";
  const names = channels.map(({name, failing}) => (failing === null ? name : `${name} (failing: ${failing})`));
  return `Notifications are also sent to ${names.join("; ")}, at most ${perHour} messages an hour each.`;
}

/**
 * Draws the notifications, newest first, and the setting of each event. Read when the panel is opened; new ones come
 * from the stream.
 */
export function NotificationsPanel(client: Pick<EngineClient, "get" | "patch">): {
  element: HTMLDetailsElement;
  onNotification: (notification: Notification) => void;
  reload: () => void;
} {
  let shown: Notification[] = [];
  let read = false;
  const said = h("p", {class: "step-note", role: "status"});
  const channels = h("p", {class: "muted switches-note"});
  const table = KeyedTable<Notification>({
    caption: "Notifications of the engine, newest first",
    key: (d) => String(d.id),
    most: MAX_NOTIFICATIONS,
    nothing: "No notifications since the engine started.",
    columns: [
      {label: "When, UTC", text: (d) => instant(d.ts).replace(" UTC", "")},
      {label: "Level", text: (d) => d.level, cell: (d) => badge(WORDS[d.level], LEVELS[d.level])},
      {label: "Event", text: (d) => d.event},
      {label: "Text", wrap: true, text: (d) => d.text}
    ]
  });
  const switches = h("div", {class: "switches"});
  const boxes = new Map<string, HTMLSelectElement>();

  async function set(event: string, loudness: Loudness): Promise<void> {
    try {
      show(await client.patch<NotificationSettings>("/notifications/settings", {events: {[event]: loudness}}));
      said.textContent = `${event} is now ${loudness}, also after a restart.`;
    } catch (error) {
      said.textContent = `not set: ${errorWords(error)}`;
      void load();
    }
  }
  function show(settings: NotificationSettings): void {
    channels.textContent = channelWords(settings);
    for (const {event, says, loudness, configured} of settings.events) {
      let box = boxes.get(event);
      if (!box) {
        const id = `notify-${event}`;
        box = h(
          "select",
          {id, change: () => void set(event, box!.value as Loudness)},
          (Object.keys(LOUD) as Loudness[]).map((value) => h("option", {value}, LOUD[value]))
        );
        boxes.set(event, box);
        switches.append(h("div", {class: "control"}, h("label", {for: id, title: event}, says), box));
      }
      box.value = loudness;
      box.title = loudness === configured ? "as configured" : `configured as ${configured}`;
    }
  }
  async function load(): Promise<void> {
    try {
      const [list, settings] = await Promise.all([
        client.get<Notification[]>(`/notifications?limit=${MAX_NOTIFICATIONS}`),
        client.get<NotificationSettings>("/notifications/settings")
      ]);
      read = true;
      shown = list;
      table.update(shown);
      show(settings);
    } catch (error) {
      said.textContent = `the notifications could not be read: ${errorWords(error)}`;
    }
  }
  const element = h(
    "details",
    {class: "more", toggle: () => void (element.open && load())},
    h("summary", {}, "Notifications"),
    table.element,
    h("h3", {}, "Settings"),
    channels,
    switches,
    said
  );
  return {
    element,
    onNotification(notification) {
      if (!read) return;
      shown = [notification, ...shown.filter(({id}) => id !== notification.id)].slice(0, MAX_NOTIFICATIONS);
      table.update(shown);
    },
    reload: () => void (element.open && load())
  };
}
