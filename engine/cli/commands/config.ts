import {UsageError} from "../../../loaders/errors.js";
import {configJsonSchema} from "../../config/config.js";
import type {Define} from "../define.js";

export function configCommand(define: Define): void {
  define("config", "show the configuration in force, check it, or print its JSON schema", (command, run) =>
    command.argument("<action>", "show, check or schema").action((action: string) =>
      run(async ({config, output}) => {
        if (action === "show") output.document(config, () => JSON.stringify(config, undefined, 2));
        else if (action === "schema")
          output.document(configJsonSchema(), () => JSON.stringify(configJsonSchema(), undefined, 2));
        else if (action === "check") output.document({ok: true}, () => "the configuration is valid");
        else throw new UsageError(`invalid action: ${action}`, {fix: "use show, check or schema"});
      })
    )
  );
}
