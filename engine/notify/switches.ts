import {readFileSync, renameSync, writeFileSync} from "node:fs";
import {DataError} from "../../loaders/errors.js";
import type {Loudness, NotificationSettings} from "../../src/lib/wire/trading.js";
import {EVENTS, LOUDNESS, type EventName, type NotifyConfig} from "../config/notify.js";

export type SwitchPatch = Partial<Record<EventName, Loudness | undefined>>;

/**
 * Loudness of each event: the configured value, unless an operator changed it while the engine ran.
 * Changes are saved in a file beside the engine's token and survive a restart.
 */
export class Switches {
  readonly #configured: NotifyConfig["events"];
  readonly #file: string;
  #changed: SwitchPatch;

  /** @param file where changes are saved; a missing or unreadable file counts as no changes */
  constructor(configured: NotifyConfig["events"], file: string) {
    this.#configured = configured;
    this.#file = file;
    this.#changed = readSwitches(file);
  }

  /** Returns the loudness of an event; unknown events are on. */
  of(event: string): Loudness {
    const name = event as EventName;
    return this.#changed[name] ?? this.#configured[name] ?? "on";
  }

  /**
   * Changes the loudness of some events and saves it.
   * @throws DataError when the change cannot be saved; it then does not take effect
   */
  set(patch: SwitchPatch): void {
    const changed = {...this.#changed, ...patch};
    for (const name of Object.keys(changed) as EventName[])
      if (changed[name] === undefined || changed[name] === this.#configured[name]) delete changed[name];
    try {
      writeFileSync(`${this.#file}.part`, JSON.stringify(changed), {mode: 0o600});
      renameSync(`${this.#file}.part`, this.#file);
    } catch (error) {
      throw new DataError(`notification settings cannot be saved: ${(error as Error).message}`, {
        fix: "free disk space, or check the permissions of the data directory",
        cause: error
      });
    }
    this.#changed = changed;
  }

  /** Lists every event with its meaning and loudness. */
  report(): NotificationSettings["events"] {
    return (Object.keys(EVENTS) as EventName[]).map((event) => ({
      event,
      says: EVENTS[event],
      loudness: this.of(event),
      configured: this.#configured[event]
    }));
  }
}

function readSwitches(file: string): SwitchPatch {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(kept).filter(([name, value]) => name in EVENTS && LOUDNESS.includes(value as Loudness))
    );
  } catch {
    return {};
  }
}
