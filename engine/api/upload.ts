import type {IncomingMessage} from "node:http";
import {UsageError} from "../../loaders/errors.js";
import type {UploadReport} from "../../src/lib/wire/imports.js";
import type {DataHost} from "../data/host.js";
import {contentRefusal} from "./body.js";
import type {Refusal} from "./gate.js";
import {QUERIES, readInput} from "./schemas.js";

/** How long an upload may be silent, ms; its whole may take as long as it does. */
const SILENCE_MS = 30_000;

/** True for the one route whose body is a file and no JSON. */
export const isUpload = ({method}: IncomingMessage, path: string): boolean =>
  method === "POST" && path === "/imports/files";

/**
 * Streams the body of an upload to the inbox.
 * @returns the file received; or why its headers are refused
 * @throws UsageError for a name or an upload that is none, TooLargeError over a limit, DataError for a body cut short
 */
export async function receiveUpload(
  request: IncomingMessage,
  host: DataHost
): Promise<{body: UploadReport} | {refusal: Refusal}> {
  const refusal = contentRefusal(request, /^application\/octet-stream$/i, "application/octet-stream");
  if (refusal) return {refusal};
  const query = new URLSearchParams(request.url!.split("?")[1] ?? "");
  if (new Set(query.keys()).size !== query.size)
    throw new UsageError("invalid query: a parameter twice", {fix: "give each parameter once"});
  const {name, upload} = readInput(QUERIES.upload, Object.fromEntries(query));
  const length = request.headers["content-length"];
  request.setTimeout(SILENCE_MS, () => void request.destroy());
  try {
    const body = request.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>;
    const declared = length === undefined ? undefined : Number(length);
    return {body: await host.imports.inbox.receive(body, {name, id: upload, declared})};
  } finally {
    request.setTimeout(0);
  }
}
