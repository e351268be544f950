#!/usr/bin/env node
// The sources are TypeScript: tsx is registered in this very process, so that signals reach the command itself.
import {register} from "tsx/esm/api";

register();
await import("./main.ts");
