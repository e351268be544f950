/** Runs a simulated venue in its own process, on a clock that its parent advances; argv is the start, UTC ms. */
import {startSim} from "../../engine/simulator/api/server.js";

const nowMs = Number(process.argv[2]);
let passedMs = 0;
process.on("message", (ms: number) => {
  passedMs = ms;
  process.send!({moved: ms});
});
const sim = await startSim({nowMs, clock: () => passedMs});
process.send!({url: sim.url});
