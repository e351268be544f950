import type {ServerResponse} from "node:http";
import type {Clock} from "../../loaders/exchange/types.js";
import type {EngineEvents} from "../../src/lib/wire/trading.js";
import {frameOf, type Hub} from "../hub.js";

interface StreamOptions {
  clock: Clock;
  /** the `status` each stream begins with */
  status: () => EngineEvents["status"];
  heartbeat: () => EngineEvents["heartbeat"];
  /** streams at once; more are refused */
  most?: number;
  heartbeatMs?: number;
  log?: (text: string) => void;
}

interface Client {
  reply: ServerResponse;
  /** number of the last event written to it */
  at: number;
  /** heartbeats that passed while it read nothing */
  missed: number;
}

/** A reader that has taken nothing for this many heartbeats is dropped. */
const MOST_MISSED = 3;

/**
 * The clients of `GET /events`. Each has only a place in the hub's sequence: what it is sent waits in the hub, not in a
 * queue of its own, so a reader that stops reading costs one socket's buffer, and is dropped once its place is lost.
 */
export class Streams {
  private readonly clients = new Set<Client>();
  private readonly stop = new AbortController();
  private readonly unlisten: () => void;

  constructor(
    private readonly hub: Hub,
    private readonly options: StreamOptions
  ) {
    this.unlisten = hub.listen(() => {
      for (const client of this.clients) this.pump(client);
    });
    void this.beat();
  }

  get count(): number {
    return this.clients.size;
  }

  get full(): boolean {
    return this.clients.size >= (this.options.most ?? 600);
  }

  /** Begins a stream. `lastId` is what the client heard last; what it missed since is sent again where it is kept. */
  add(reply: ServerResponse, lastId: string | undefined): void {
    const resumed = lastId === undefined ? undefined : this.hub.maybeResume(lastId);
    const client: Client = {reply, at: resumed ?? this.hub.head, missed: 0};
    reply.writeHead(200, {"content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"});
    reply.socket?.setNoDelay(true);
    reply.socket?.setTimeout(0);
    reply.on("close", () => this.clients.delete(client));
    reply.on("error", () => this.drop(client, "its connection broke"));
    reply.on("drain", () => this.pump(client));
    this.clients.add(client);
    const here = resumed === undefined ? this.hub.idOf(this.hub.head) : undefined;
    reply.write("retry: 2000\n\n");
    if (lastId !== undefined && resumed === undefined)
      reply.write(frameOf("reset", {reason: "what came before is not kept any more"}, here));
    reply.write(frameOf("status", this.options.status(), here));
    this.pump(client);
  }

  /** Writes what a client has not seen, as far as its socket takes it. */
  private pump(client: Client): void {
    while (!client.reply.writableNeedDrain && !client.reply.destroyed) {
      const event = this.hub.after(client.at);
      if (event === undefined) return;
      if (event === "gone") return this.drop(client, "it reads too slowly");
      client.at = event.n;
      client.missed = 0;
      client.reply.write(event.frame);
    }
    if (this.hub.after(client.at) === "gone") this.drop(client, "it reads too slowly");
  }

  private async beat(): Promise<void> {
    const {clock, heartbeat, heartbeatMs = 10_000} = this.options;
    const {signal} = this.stop;
    for (;;) {
      await clock.sleep(heartbeatMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const frame = frameOf("heartbeat", heartbeat());
      for (const client of this.clients) {
        if (!client.reply.writableNeedDrain) {
          client.missed = 0;
          client.reply.write(frame);
        } else if (++client.missed >= MOST_MISSED) this.drop(client, "it has not read for long");
      }
    }
  }

  private drop(client: Client, why: string): void {
    if (!this.clients.delete(client)) return;
    this.options.log?.(`a stream of events was ended: ${why}`);
    client.reply.destroy();
  }

  /** Ends every stream. */
  close(): void {
    this.stop.abort();
    this.unlisten();
    for (const client of this.clients) client.reply.end();
    this.clients.clear();
  }
}
