import {createParser} from "eventsource-parser";
import {TOKEN} from "./engine.js";

interface Heard {
  event: string;
  id: string | undefined;
  data: any;
}

/** Follows an event stream as a page does; `next` waits for the next event. */
export async function listenTo(
  url: string,
  {token = TOKEN, lastId}: {token?: string; lastId?: string} = {}
): Promise<{next: () => Promise<Heard>; close: () => void}> {
  const stop = new AbortController();
  const reply = await fetch(`${url}/events`, {
    headers: {authorization: `Bearer ${token}`, ...(lastId !== undefined && {"last-event-id": lastId})},
    signal: stop.signal
  });
  if (!reply.ok) throw new Error(`stream refused: ${reply.status} ${await reply.text()}`);
  const heard: Heard[] = [];
  let last: string | undefined;
  const parser = createParser({
    onEvent: ({event = "message", id, data}) => {
      last = id ?? last;
      heard.push({event, id: last, data: JSON.parse(data)});
    }
  });
  const reader = reply.body!.getReader();
  const decoder = new TextDecoder();
  return {
    next: async () => {
      while (heard.length === 0) {
        const {value, done} = await reader.read();
        if (done) throw new Error("the stream ended");
        parser.feed(decoder.decode(value, {stream: true}));
      }
      return heard.shift()!;
    },
    close: () => stop.abort()
  };
}
