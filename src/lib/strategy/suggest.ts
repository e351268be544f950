/** Returns the Levenshtein distance of two names, ignoring case. */
export function editDistance(a: string, b: string): number {
  const x = a.toLowerCase();
  const y = b.toLowerCase();
  let row = Array.from({length: y.length + 1}, (_, j) => j);
  for (let i = 1; i <= x.length; ++i) {
    const next = [i];
    for (let j = 1; j <= y.length; ++j) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (x[i - 1] === y[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[y.length]!;
}

/** Returns the known name nearest to a mistyped one, or undefined if none is close. */
export function suggest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((k) => ({k, d: editDistance(name, k)})).sort((a, b) => a.d - b.d || a.k.localeCompare(b.k));
  const best = ranked[0];
  // Pairs of one quote are near each other by their quote alone.
  const [base = name, quote] = name.split("/");
  const most = quote === undefined ? Math.floor(name.length / 3) : Math.floor(base.length / 2);
  return best && best.d <= Math.max(1, most) ? best.k : undefined;
}

/** Returns ` (did you mean NAME?)`, or empty text. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  return near ? ` (did you mean ${near}?)` : "";
}
