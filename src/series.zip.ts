import {zipSync} from "fflate";
import {seriesArchive} from "../loaders/snapshots/index.js";

// One file per history: pages attach only the catalogue and fetch histories on demand.
process.stdout.write(zipSync(await seriesArchive(), {level: 0}));
