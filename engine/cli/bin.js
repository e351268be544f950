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
// An import makes short-lived rows by the million: a young heap that grows to 32 MB, and an old one that doubles before it
// is swept, hold more memory than the rows that are in use. Only now, since V8 sets both anew with each thread that starts.
if (process.argv[2] === "import") {
  const {setFlagsFromString} = await import("node:v8");
  for (const flag of ["--semi-space-growth-factor=1", "--heap-growing-percent=20"]) setFlagsFromString(flag);
}
await import("./main.ts");
