import {defineConfig} from "vitest/config";
import {ByEnvironment} from "./test/helpers/sequence.js";

export default defineConfig({
  // Pages import libraries as `npm:`; in tests they come from node_modules directly.
  resolve: {alias: [{find: /^npm:/, replacement: ""}]},
  test: {
    setupFiles: ["test/helpers/setup.ts"],
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**", "test/fault/**", "test/soak/**", "test/bench/**", "node_modules/**"],
    // Against hanging alone: how fast a machine is fails no test.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Files share a process, and with it the compiled modules and the simulated market's prices.
    isolate: false,
    sequence: {sequencer: ByEnvironment},
    maxWorkers: 3
  }
});
