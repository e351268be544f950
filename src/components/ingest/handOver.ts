const KEY = "carrybook-said";

/** Keeps words for the page that this tab goes to next. */
export function handOver(words: readonly string[], store: Pick<Storage, "setItem"> = sessionStorage): void {
  try {
    store.setItem(KEY, JSON.stringify(words));
  } catch {
    // A tab that may keep nothing still goes on; its next page says what runs.
  }
}

/** Takes the words that the page before has left, once. */
export function takeOver(store: Pick<Storage, "getItem" | "removeItem"> = sessionStorage): string[] {
  try {
    const words = JSON.parse(store.getItem(KEY) ?? "[]") as string[];
    store.removeItem(KEY);
    return words;
  } catch {
    return [];
  }
}
