const KEY = "carrybook-said";

/** Stores messages for the next page of this tab. */
export function handOver(words: readonly string[], store: Pick<Storage, "setItem"> = sessionStorage): void {
  try {
    store.setItem(KEY, JSON.stringify(words));
  } catch {
    // Without storage the messages are lost; the next page still shows what runs.
  }
}

/** Returns the messages of the previous page and removes them. */
export function takeOver(store: Pick<Storage, "getItem" | "removeItem"> = sessionStorage): string[] {
  try {
    const words = JSON.parse(store.getItem(KEY) ?? "[]") as string[];
    store.removeItem(KEY);
    return words;
  } catch {
    return [];
  }
}
