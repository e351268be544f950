import {once} from "node:events";
import {Worker} from "node:worker_threads";
import type {SimOptions} from "./api/server.js";

/** A simulated venue in a thread of its own, so that making its market does not hold up those who trade on it. */
interface SimThread {
  url: string;
  close: () => Promise<void>;
}

/**
 * Starts a simulated venue beside this thread.
 * @throws what kept it from starting, e.g. a port that is taken
 */
export async function startSimThread(options: Omit<SimOptions, "clock"> = {}): Promise<SimThread> {
  const worker = new Worker(new URL("./threadMain.js", import.meta.url), {workerData: options});
  const [message] = (await once(worker, "message")) as [{url: string}];
  return {
    url: message.url,
    close: async () => {
      await worker.terminate();
    }
  };
}
