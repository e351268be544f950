import {compact, markEverything, publish} from "../../../loaders/lake/publish.js";
import {count} from "../output.js";
import type {Context} from "../context.js";
import type {Define} from "../define.js";
import type {Database} from "../../../loaders/store/database.js";
import type {Manifest} from "../../../loaders/lake/manifest.js";
import type {PublishOptions} from "../../../loaders/lake/publish.js";

export function lakeCommands(define: Define): void {
  define("publish", "rewrite the lake from the store", (command, run) =>
    command.action(() =>
      run((context) =>
        rewrite(context, async (db, options) => {
          await markEverything(db);
          return publish(db, options);
        })
      )
    )
  );
  define("compact", "merge the lake's small files", (command, run) =>
    command.action(() => run((context) => rewrite(context, compact)))
  );
  define("restore", "rebuild a lost or damaged store from the lake", (command, run) =>
    command.action(() => run((context) => rewrite(context, publish)))
  );
}

/** Opens the store, which restores what it lost, then rewrites the lake and reports its size. */
async function rewrite(
  {openStore, output, signal}: Context,
  work: (db: Database, options: PublishOptions) => Promise<Manifest>
): Promise<void> {
  const db = await openStore();
  try {
    const {parts} = await work(db, {
      signal,
      onProgress: (done, total) => output.progress({label: "publishing", done, total})
    });
    output.progress(undefined);
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    output.document({files: parts.length, rows}, () => `${count(parts.length)} files, ${count(rows)} rows`);
  } finally {
    await db.close();
  }
}
