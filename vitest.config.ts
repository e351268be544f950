import {defineConfig} from "vitest/config";

export default defineConfig({
  // Pages import libraries as `npm:`; in tests they come from node_modules directly.
  resolve: {alias: [{find: /^npm:/, replacement: ""}]},
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**", "test/fault/**", "test/soak/**", "test/bench/**", "node_modules/**"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2
  }
});
