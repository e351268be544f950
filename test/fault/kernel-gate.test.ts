import {describe} from "vitest";
import {gateTests} from "../helpers/gate.js";

describe("the float kernel equals the exact ledger to 1e-9 relative, over a long grid", () => gateTests(150, 5000));
