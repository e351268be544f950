import {cpus} from "node:os";

/** One measured row of the table: the work, its rate or time, and the reference. */
export interface BenchRow {
  work: string;
  figure: string;
  against: string;
  ratio?: number;
}

/** Measures the wall time of async work, ms. */
export async function time(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Times two works in turn, so other load affects both equally; returns their medians and the median
 * of the paired ratios `b / a`.
 */
export async function paired(
  a: () => unknown,
  b: () => unknown,
  rounds = 7
): Promise<{a: number; b: number; ratio: number}> {
  const times: {a: number; b: number}[] = [];
  await a();
  await b();
  for (let i = 0; i < rounds; i++) {
    const first = i % 2 === 0;
    const x = first ? await time(a) : 0;
    const y = await time(b);
    times.push({a: first ? x : await time(a), b: y});
  }
  return {
    a: median(times.map((t) => t.a)),
    b: median(times.map((t) => t.b)),
    ratio: median(times.map((t) => t.b / t.a))
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** The machine a table was measured on. */
export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.versions.node}`;

/** A Markdown table of rows. */
export const markdown = (rows: readonly BenchRow[]): string =>
  [
    "| work | measured | held against | ratio |",
    "| --- | --- | --- | --- |",
    ...rows.map(
      (r) => `| ${r.work} | ${r.figure} | ${r.against} | ${r.ratio === undefined ? "–" : r.ratio.toFixed(2)} |`
    )
  ].join("\n");
