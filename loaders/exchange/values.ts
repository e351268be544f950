/** An object inside a reply, by its field names. */
export type Fields = Record<string, unknown>;

/** Returns a field that was sent as text or as a number, as text; undefined for any other type. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;

/** Returns an object as it is, and anything else as an empty one. */
export const objectOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};
