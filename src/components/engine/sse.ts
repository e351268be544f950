/** A server-sent event. */
export interface ServerEvent {
  event: string;
  data: string;
  id: string | undefined;
}

/**
 * Returns a parser of `text/event-stream` that accepts text in pieces of any size and emits each complete event.
 * Comments, `retry` and events without data are ignored. See https://html.spec.whatwg.org/multipage/server-sent-events.html.
 */
export function eventParser(onEvent: (event: ServerEvent) => void): (piece: string) => void {
  let rest = "";
  let event = "message";
  let data: string[] = [];
  let id: string | undefined;
  const line = (text: string): void => {
    if (text === "") {
      if (data.length) onEvent({event, data: data.join("\n"), id});
      event = "message";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
  };
  return (piece) => {
    rest += piece;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const text of lines) line(text);
  };
}

/** Reads the body of a response as events until it ends. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: ServerEvent) => void
): Promise<void> {
  const parse = eventParser(onEvent);
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    parse(decoder.decode(value, {stream: true}));
  }
}
