import type {ServerResponse} from "node:http";
import type {Clock} from "../../loaders/exchange/types.js";
import type {EngineEvents} from "../../src/lib/wire/trading.js";
import {frameOf, type Hub} from "../hub.js";

interface StreamOptions {
  clock: Clock;
  /** the `status` event that opens each stream */
  status: () => EngineEvents["status"];
  heartbeat: () => EngineEvents["heartbeat"];
  /** maximum concurrent streams */
  most?: number;
  heartbeatMs?: number;
  log?: (text: string) => void;
}

interface Client {
  reply: ServerResponse;
  /** sequence number of the last event written */
  at: number;
  /** consecutive heartbeats skipped because its socket was full */
  missed: number;
}

/** A client whose socket stays full for this many heartbeats is dropped. */
const MAX_MISSED = 3;

/**
 * The clients of `GET /events`. Each holds only a position in the hub's sequence, never a queue.
 * A stalled client therefore costs one socket buffer. It is dropped once the hub has discarded its next event.
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

  /** Opens a stream. Events missed since `lastId` are resent where the hub still has them. */
  add(reply: ServerResponse, lastId: string | undefined): void {
    const resumed = lastId === undefined ? undefined : this.hub.maybeResume(lastId);
    const client: Client = {reply, at: resumed ?? this.hub.head, missed: 0};
    const here = resumed === undefined ? this.hub.idOf(this.hub.head) : undefined;
    const status = frameOf("status", this.options.status(), here);
    reply.writeHead(200, {"content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"});
    reply.socket?.setNoDelay(true);
    reply.socket?.setTimeout(0);
    reply.on("close", () => this.clients.delete(client));
    reply.on("error", () => this.drop(client, "its connection broke"));
    reply.on("drain", () => this.pump(client));
    this.clients.add(client);
    reply.write("retry: 2000\n\n");
    if (lastId !== undefined && resumed === undefined)
      reply.write(frameOf("reset", {reason: "earlier events are no longer available"}, here));
    reply.write(status);
    this.pump(client);
  }

  /** Writes pending events until the client's socket is full. */
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
      let frame: string;
      try {
        frame = frameOf("heartbeat", heartbeat());
      } catch (error) {
        // A process with positions outlives a status that cannot be read; clients see the missing heartbeat.
        this.options.log?.(`event stream without heartbeat: ${(error as Error).message}`);
        continue;
      }
      for (const client of this.clients) {
        if (!client.reply.writableNeedDrain) {
          client.missed = 0;
          client.reply.write(frame);
        } else if (++client.missed >= MAX_MISSED) this.drop(client, "it has stopped reading");
      }
    }
  }

  private drop(client: Client, why: string): void {
    if (!this.clients.delete(client)) return;
    this.options.log?.(`event stream closed: ${why}`);
    client.reply.destroy();
  }

  close(): void {
    this.stop.abort();
    this.unlisten();
    for (const client of this.clients) client.reply.end();
    this.clients.clear();
  }
}
