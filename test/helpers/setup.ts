import "./whole-replacements.js";
import {cleanUpAfterTests} from "./cleanup.js";

cleanUpAfterTests();
