// The sources are TypeScript: each thread registers tsx for itself before it imports any of them.
import {register} from "tsx/esm/api";

register();
await import("./backtest-thread.ts");
