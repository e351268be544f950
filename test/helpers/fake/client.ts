import {EngineClient} from "../../../src/components/engine/engineClient.js";

type Answer = (path: string, body?: any) => Promise<unknown>;

/** The members of an engine's client that a test makes. Replies are plain values, not generic in the caller's type. */
type MadeClient = Partial<Omit<EngineClient, "get" | "patch" | "post" | "upload">> & {
  get?: Answer;
  patch?: Answer;
  post?: Answer;
  upload?: (path: string, file: Blob) => Promise<unknown>;
};

/** Returns a client with the given members; the others need a session, which it lacks. */
export function madeClient(own: MadeClient): EngineClient {
  return Object.create(EngineClient.prototype, Object.getOwnPropertyDescriptors(own));
}
