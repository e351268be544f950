import {explorerSnapshot} from "../../loaders/snapshots/index.js";

process.stdout.write(await explorerSnapshot());
