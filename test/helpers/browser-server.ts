import {execFileSync} from "node:child_process";
import {chromium, type BrowserServer} from "playwright-core";

const ARGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** Starts the Chromium of this machine for all files of a run, without anything that would call home. */
export function launchServer(): Promise<BrowserServer> {
  const find = "command -v chromium || command -v chromium-browser || command -v google-chrome";
  const executablePath = execFileSync("sh", ["-c", find], {encoding: "utf8"}).trim();
  return chromium.launchServer({executablePath, args: ARGS.split(" ")});
}
