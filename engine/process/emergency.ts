import {closeSync, constants, fsyncSync, openSync, readSync, writeSync} from "node:fs";
import {join} from "node:path";
import {engineDir, makeEngineDir} from "../files.js";

/**
 * The emergency flag: one byte in a file that exists before it is needed, `0` or `1`. Setting it takes no space, so a full
 * disk cannot stop it; it outlives the process, so an engine that hangs or is restarted still finds it.
 */
export class EmergencyFlag {
  private constructor(private readonly fd: number) {}

  /** Opens the flag of a data directory, making it if need be. */
  static open(dataDir: string): EmergencyFlag {
    makeEngineDir(dataDir);
    const path = join(engineDir(dataDir), "emergency");
    // Opened for writing in place, made if it is not there, never cut to nothing.
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

  /** A person has looked at what happened. */
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

/** Where `bin.js` notes the signal before any of the program is loaded. */
const pressed = (): Pressed => {
  const holder = globalThis as {carrybookEmergency?: Pressed};
  return (holder.carrybookEmergency ??= {presses: 0, act: undefined});
};

/**
 * Calls `act` on every SIGUSR2 from now on, and at once for one that came before anybody could act on it.
 * @returns a function that ends it
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
