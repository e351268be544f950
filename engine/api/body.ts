import type {IncomingMessage} from "node:http";
import {readJson} from "./json.js";
import type {Refusal} from "./gate.js";

/** The longest body, bytes. */
const LONGEST_BODY = 65_536;

/**
 * Reads the JSON body of a write. Nothing longer than the limit is ever held, whatever its headers say.
 * @returns the document, `{}` for an empty body; or why it is refused
 * @throws UsageError for a document that is none
 */
export async function readBody(request: IncomingMessage): Promise<{body: unknown} | {refusal: Refusal}> {
  const {headers} = request;
  if (!/^application\/json(\s*;\s*charset=utf-8)?$/i.test(headers["content-type"] ?? ""))
    return {
      refusal: {status: 415, code: "invalid-content-type", error: "invalid content-type", fix: "send application/json"}
    };
  if (headers["content-encoding"] !== undefined)
    return {
      refusal: {
        status: 415,
        code: "invalid-content-type",
        error: "invalid content-encoding",
        fix: "send the body as it is"
      }
    };
  const tooLong = {
    refusal: {status: 413, code: "body-too-long" as const, error: `invalid body: over ${LONGEST_BODY} bytes`}
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
    return {refusal: {status: 400, code: "invalid-body", error: "invalid body: cut short"}};
  }
  return {body: length === 0 ? {} : readJson(Buffer.concat(chunks))};
}
