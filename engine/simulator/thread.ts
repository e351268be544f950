import {once} from "node:events";
import {Worker} from "node:worker_threads";
import type {SimOptions} from "./api/server.js";

/** A simulated venue in its own thread, so that computing its market does not block its clients. */
interface SimThread {
  url: string;
  close: () => Promise<void>;
}

/**
 * Starts a simulated venue in a worker thread.
 * @throws the start-up error, e.g. a port in use
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
