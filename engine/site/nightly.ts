import {existsSync} from "node:fs";
import {pathToFileURL} from "node:url";
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
    const result = await carrybook([command]);
    log(result.code === 0 ? `${command}: ok` : `${command}: exited with ${result.code}`);
    if (result.code !== 0) reasons.push(`${command} exited with ${result.code}: ${lastLine(result)}`);
  };
  const tracked = await carrybook(["track", "--json"]);
  if (tracked.code !== 0) reasons.push(`track exited with ${tracked.code}: ${lastLine(tracked)}`);
  else if (tracked.stdout.trim() === "[]") log("update: nothing is tracked; imported files stay as they are");
  else await step("update");
  for (const command of ["gaps", "doctor"]) await step(command);
  const broken = await build();
  log(broken ? "build: failed" : "build: done");
  if (broken) reasons.push(`build: ${broken}`);
  return reasons;
}

// Returns the error and not the fix: fixes are on separate lines that begin with an arrow.
const lastLine = ({stdout, stderr}: Exit) =>
  (stderr.trim() || stdout.trim())
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("→"))
    .at(-1)
    ?.trim() ?? "";

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
