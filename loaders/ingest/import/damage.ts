import {Readable} from "node:stream";
import {DataError} from "../../errors.js";

/** A file that was cut short, damaged on its way, or that may not be read: no row of it is at fault. */
export class UnreadableError extends DataError {}

/** Returns the error of a container that ends early or holds other bytes than were written. */
export const damaged = (kind: string, where: string, cause: unknown): UnreadableError =>
  new UnreadableError(`invalid file: ${where} is cut short or damaged ${kind}`, {fix: AGAIN, cause});

const AGAIN = "download or write it again";

/**
 * Returns what the system or a library reports about a file as an error that names it; what is no fault of the file is
 * thrown on.
 */
export function readError(error: unknown, where: string): DataError {
  if (error instanceof DataError) return error;
  const {code = "", message} = error as NodeJS.ErrnoException;
  if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") throw error;
  if (code === "EACCES" || code === "EPERM") return new UnreadableError(`invalid file: ${where} (it may not be read)`);
  if (code === "Z_BUF_ERROR") return new UnreadableError(`invalid file: ${where} is cut short`, {fix: AGAIN});
  if (code.startsWith("Z_"))
    return new UnreadableError(`invalid file: ${where} is damaged`, {fix: AGAIN, cause: error});
  return new UnreadableError(`invalid file: ${where} (${message})`, {cause: error});
}

/** Passes bytes on, with errors that name the file. */
export const namedBytes = (input: Readable, where: string): Readable =>
  Readable.from(
    (async function* () {
      try {
        yield* input;
      } catch (error) {
        throw readError(error, where);
      }
    })()
  );
