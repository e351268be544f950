import type {IncomingMessage} from "node:http";
import {readJson} from "./json.js";
import type {Refusal} from "./gate.js";

/** The longest body, bytes. */
const LONGEST_BODY = 65_536;

/**
 * Reads the JSON body of a write. Never buffers more than the limit, whatever the headers claim.
 * @returns the document, `{}` for an empty body, or the refusal
 * @throws UsageError for malformed JSON
 */
export async function readBody(request: IncomingMessage): Promise<{body: unknown} | {refusal: Refusal}> {
  const {headers} = request;
  const refusal = contentRefusal(request, /^application\/json(\s*;\s*charset=utf-8)?$/i, "application/json");
  if (refusal) return {refusal};
  const tooLong = {
    refusal: {
      status: 413,
      code: "body-too-long" as const,
      error: `invalid body: over ${LONGEST_BODY} bytes`,
      fix: "send less at once"
    }
  };
  if (Number(headers["content-length"] ?? 0) > LONGEST_BODY) return tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > LONGEST_BODY) return tooLong;
      chunks.push(chunk);
    }
  } catch {
    return {
      refusal: {status: 400, code: "invalid-body", error: "invalid body: truncated", fix: "send the whole body again"}
    };
  }
  return {body: length === 0 ? {} : readJson(Buffer.concat(chunks))};
}

/** Returns why a body of this type or encoding is not read; undefined where it is. */
export function contentRefusal({headers}: IncomingMessage, type: RegExp, wanted: string): Refusal | undefined {
  const refused = (error: string, fix: string) => ({status: 415, code: "invalid-content-type" as const, error, fix});
  if (!type.test(headers["content-type"] ?? "")) return refused("invalid content-type", `send ${wanted}`);
  if (headers["content-encoding"] !== undefined)
    return refused("invalid content-encoding", "send the body uncompressed");
  return undefined;
}
