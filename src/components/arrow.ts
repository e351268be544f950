import {tableFromIPC} from "npm:@uwdata/flechette";

/** The part of Framework's FileAttachment that this module uses. */
interface Attachment {
  arrayBuffer(): Promise<ArrayBuffer>;
  json(): Promise<unknown>;
}

/** Parses Arrow IPC bytes into row objects: integers as numbers, missing values as null. */
export function rowsFromArrow<T>(bytes: ArrayBuffer | Uint8Array): T[] {
  const data = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  if (!data.length) return [];
  return tableFromIPC(data, {useBigInt: false, useDate: false}).toArray() as T[];
}

/** Reads an attached Arrow file; null when it does not exist, as for a pair that has not been imported. */
export async function loadRows<T>(file: Attachment): Promise<T[] | null> {
  try {
    return rowsFromArrow<T>(await file.arrayBuffer());
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Reads an attached JSON file; null when it does not exist. */
export async function loadJson<T>(file: Attachment): Promise<T | null> {
  try {
    return (await file.json()) as T;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** True for Framework's own error of a file that is not there: it carries no status, so its words are read here alone. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("Unable to load file");
