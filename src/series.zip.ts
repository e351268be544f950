import {zipSync} from "fflate";
import {seriesArchive} from "../loaders/snapshots/index.js";

// Every history as a file of its own: pages name the catalogue alone and fetch the rest when a reader asks for it.
process.stdout.write(zipSync(await seriesArchive(), {level: 0}));
