#!/usr/bin/env node
// Handles an engine's emergency stop before anything else loads: without a handler SIGUSR2 would kill the process.
// (Node reserves SIGUSR1 for its debugger.) Signals that arrive too early are counted, see engine/process/emergency.ts.
if (["engine", "serve"].includes(process.argv[2])) {
  const state = (globalThis.carrybookEmergency = {presses: 0, act: undefined});
  process.on("SIGUSR2", () => (state.act ? state.act() : state.presses++));
}
// The sources are TypeScript: tsx is registered in this process, so signals reach the command itself.
const {register} = await import("tsx/esm/api");
register();
await import("./main.ts");
