import {closeSync, constants, fsyncSync, openSync, readSync, writeSync} from "node:fs";
import {join} from "node:path";
import {engineDir, makeEngineDir} from "../files.js";

/**
 * The emergency flag: one byte, `0` or `1`, in a file created in advance. Setting it needs no disk space.
 * It outlives the process, so an engine that recovers or restarts still sees it.
 */
export class EmergencyFlag {
  private constructor(private readonly fd: number) {}

  /** Opens the flag of a data directory, creating it if necessary. */
  static open(dataDir: string): EmergencyFlag {
    makeEngineDir(dataDir);
    const path = join(engineDir(dataDir), "emergency");
    // Opened for writing in place: created if missing, never truncated.
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const flag = new EmergencyFlag(fd);
    const byte = Buffer.alloc(1);
    if (readSync(fd, byte, 0, 1, 0) === 0) flag.write("0");
    return flag;
  }

  get pressed(): boolean {
    const byte = Buffer.alloc(1);
    return readSync(this.fd, byte, 0, 1, 0) === 1 && byte[0] === 0x31;
  }

  press(): void {
    this.write("1");
  }

  /** Clears the flag, once an operator has reviewed the stop. */
  clear(): void {
    this.write("0");
  }

  close(): void {
    closeSync(this.fd);
  }

  private write(byte: "0" | "1"): void {
    writeSync(this.fd, byte, 0);
    fsyncSync(this.fd);
  }
}

interface Pressed {
  presses: number;
  act: (() => void) | undefined;
}

/** The state in which `bin.js` counts signals before the program is loaded. */
const pressed = (): Pressed => {
  const holder = globalThis as {carrybookEmergency?: Pressed};
  return (holder.carrybookEmergency ??= {presses: 0, act: undefined});
};

/**
 * Calls `act` on every SIGUSR2, and at once if one arrived before the program was loaded.
 * @returns a function that removes the handler
 */
export function onEmergencySignal(act: () => void): () => void {
  const state = pressed();
  state.act = act;
  if (state.presses > 0) {
    state.presses = 0;
    act();
  }
  return () => void (state.act = undefined);
}
