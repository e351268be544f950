#!/usr/bin/env node
// An engine's emergency stop is heard before anything else is loaded: without a handler SIGUSR2 would kill the process.
// (Node keeps SIGUSR1 for its debugger.) What comes before the engine can act is counted, see engine/process/emergency.ts.
if (["engine", "serve"].includes(process.argv[2])) {
  const state = (globalThis.carrybookEmergency = {presses: 0, act: undefined});
  process.on("SIGUSR2", () => (state.act ? state.act() : state.presses++));
}
// The sources are TypeScript: tsx is registered in this very process, so that signals reach the command itself.
const {register} = await import("tsx/esm/api");
register();
await import("./main.ts");
