import {existsSync} from "node:fs";
import {join} from "node:path";
import {DataError} from "../../../loaders/errors.js";
import {ROOT} from "../../site/paths.js";
import {findEngine} from "../client.js";
import type {Define} from "../define.js";
import {engine, link} from "./engine.js";

export function serveCommand(define: Define): void {
  define("serve", "serve the built site and the engine's API from one origin", (command, run) =>
    command
      .option("--port <port>", "port on 127.0.0.1; 0 picks a free port (default: 8321)")
      .addHelpText(
        "after",
        `
Every engine serves the built site along with its API. This command starts an engine in mode data. If one is already
running, it prints a new sign-in link and exits.`
      )
      .action((flags: {port?: string}) =>
        run(async (context) => {
          const dist = context.invocation.env.CARRYBOOK_DIST || join(ROOT, "dist");
          if (!existsSync(join(dist, "index.html")))
            throw new DataError(`missing site: ${dist}`, {fix: "run `npm run build`"});
          if (findEngine(context.dataDir)) {
            context.output.note("an engine is already running and serves the site");
            return link(context);
          }
          return engine(context, {...flags, mode: "data"});
        })
      )
  );
}
