import {zipSync} from "fflate";
import {pairsArchive} from "../../loaders/snapshots/index.js";

// One process for all pairs, because a loader takes 0.3 s to start; pages attach single members of the archive.
process.stdout.write(zipSync(await pairsArchive(), {level: 0}));
