import {readFileSync, renameSync, writeFileSync} from "node:fs";
import {DataError} from "../../loaders/errors.js";
import type {Loudness, NotificationSettings} from "../../src/lib/wire/trading.js";
import {EVENTS, LOUDNESS, type EventName, type NotifyConfig} from "../config/notify.js";

export type SwitchPatch = Partial<Record<EventName, Loudness | undefined>>;

/**
 * How loud each event is: as the configuration says, unless a person has said otherwise while the engine ran. What was
 * said is kept in a file beside the engine's token and stands after a restart.
 */
export class Switches {
  readonly #configured: NotifyConfig["events"];
  readonly #file: string;
  #said: SwitchPatch;

  /** @param file where the changes are kept; one that is not there or cannot be read says nothing */
  constructor(configured: NotifyConfig["events"], file: string) {
    this.#configured = configured;
    this.#file = file;
    this.#said = readSwitches(file);
  }

  /** How loud an event is; one that has no switch is told. */
  of(event: string): Loudness {
    const name = event as EventName;
    return this.#said[name] ?? this.#configured[name] ?? "on";
  }

  /**
   * Changes some of them, at once and for good.
   * @throws DataError when the change cannot be kept; it is then not in force either
   */
  set(patch: SwitchPatch): void {
    const said = {...this.#said, ...patch};
    for (const name of Object.keys(said) as EventName[])
      if (said[name] === undefined || said[name] === this.#configured[name]) delete said[name];
    try {
      writeFileSync(`${this.#file}.part`, JSON.stringify(said), {mode: 0o600});
      renameSync(`${this.#file}.part`, this.#file);
    } catch (error) {
      throw new DataError(`notification settings cannot be kept: ${(error as Error).message}`, {
        fix: "free some space where the data lies, or look at its permissions",
        cause: error
      });
    }
    this.#said = said;
  }

  /** Every event with what it says and how loud it is. */
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
