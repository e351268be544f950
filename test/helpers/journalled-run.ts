/** Runs a history with a journal in its own process, which kills itself with SIGKILL at a line: argv is DIR LINE. */
import {REAL_DISK} from "../../engine/journal/journal.js";
import {config, markets, runJournalled} from "./journal.js";

const [dir, line] = process.argv.slice(2) as [string, string];
let lines = 0;
await runJournalled(dir, markets, config, {
  ...REAL_DISK,
  write: (fd, text) => {
    if (++lines !== Number(line)) return REAL_DISK.write(fd, text);
    REAL_DISK.write(fd, text.slice(0, Math.floor((text.length * (Number(line) % 4)) / 3)));
    process.kill(process.pid, "SIGKILL");
  }
});
