import {decisionSnapshot} from "../../loaders/snapshots/index.js";

process.stdout.write(JSON.stringify(await decisionSnapshot()));
