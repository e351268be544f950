import {defineConfig} from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["test/helpers/setup.ts"],
    include: ["test/fault/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    globalSetup: ["test/helpers/fault-setup.ts"],
    isolate: false,
    maxWorkers: 2
  }
});
