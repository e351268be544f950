import {expect, it} from "vitest";
import {createLog} from "../../engine/log.js";
import {tmp} from "../helpers/tmp.js";

it("log line's level comes from its field, not from its text", () => {
  const lines: [string, string][] = [];
  const {log, close} = createLog({
    dir: tmp(),
    level: "debug",
    now: () => 0,
    stderr: (line, level) => void lines.push([level, line])
  });
  log.info("no error and no warn here");
  log.warn("calm words");
  log.error({mode: "paper"}, "it broke");
  log.debug("detail");
  close();
  expect(lines).toEqual([
    ["info", "00:00:00 info no error and no warn here"],
    ["warn", "00:00:00 warn calm words"],
    ["error", "00:00:00 error it broke mode=paper"],
    ["debug", "00:00:00 debug detail"]
  ]);
});
