import {existsSync} from "node:fs";
import {pathToFileURL} from "node:url";
import type {Job} from "../../src/lib/wire/job.js";
import {buildSite} from "./build.js";
import {CARRYBOOK, main, siteEnv, siteOptions} from "./paths.js";
import {run, type Exit} from "./run.js";

/** Side effects of the nightly run; tests pass their own. */
interface NightlyEffects {
  carrybook(args: readonly string[]): Promise<Exit>;
  build(): Promise<string | null>;
  log(line: string): void;
}

/**
 * Updates tracked histories, verifies the data and rebuilds the site. Every step runs even after a failure, so one
 * failing venue does not hide other problems.
 * @returns the reasons of the failures; empty when all steps succeeded
 */
export async function nightly({carrybook, build, log}: NightlyEffects): Promise<string[]> {
  const reasons: string[] = [];
  const step = async (command: string) => {
    const result = await carrybook([command, "--json"]);
    log(result.code === 0 ? `${command}: ok` : `${command}: exited with ${result.code}`);
    if (result.code !== 0) reasons.push(`${command} exited with ${result.code}: ${reasonOf(result)}`);
  };
  const tracked = await carrybook(["track", "--json"]);
  if (tracked.code !== 0) reasons.push(`track exited with ${tracked.code}: ${reasonOf(tracked)}`);
  else if (tracked.stdout.trim() === "[]") log("update: nothing is tracked; imported files stay as they are");
  else await step("update");
  for (const command of ["gaps", "doctor"]) await step(command);
  const broken = await build();
  log(broken ? "build: failed" : "build: done");
  if (broken) reasons.push(`build: ${broken}`);
  return reasons;
}

/** Returns why a command failed: its error, or what its document lists as failed, or the last line it wrote. */
function reasonOf({error, stdout, stderr}: Exit): string {
  if (error !== null) return error;
  const failed = failuresOf(stdout);
  if (failed.length > 0) return failed[0]! + (failed.length > 1 ? ` and ${failed.length - 1} more` : "");
  return stderr.trim().split("\n").at(-1)!;
}

/** A failed history of `update --json`, a check of `doctor --json`. */
type Listed = Pick<Job, "status" | "error"> | {state: string; name: string; text: string};

function failuresOf(stdout: string): string[] {
  let document: {jobs?: Listed[]} | Listed[];
  try {
    document = JSON.parse(stdout) as typeof document;
  } catch {
    return [];
  }
  const listed = Array.isArray(document) ? document : (document.jobs ?? []);
  return listed.flatMap((one) =>
    "state" in one
      ? one.state === "failed"
        ? [`${one.name}: ${one.text}`]
        : []
      : one.status === "failed"
        ? [one.error ?? "no reason was recorded"]
        : []
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const options = siteOptions(process.argv.slice(2));
    if (!existsSync(CARRYBOOK)) throw new Error("nightly failed: the carrybook command is missing (engine/cli/bin.js)");
    const reasons = await nightly({
      carrybook: (args) => run(CARRYBOOK, [...args], {env: siteEnv(options), capture: true}),
      build: () => buildSite(options),
      log: (line) => console.log(line)
    });
    if (reasons.length) throw new Error(reasons.map((reason) => `nightly failed: ${reason}`).join("\n"));
  });
}
