import {parentPort, workerData} from "node:worker_threads";
import {startSim, type SimOptions} from "./api/server.js";

const sim = await startSim(workerData as SimOptions);
parentPort!.postMessage({url: sim.url});
