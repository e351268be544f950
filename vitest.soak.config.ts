import {defineConfig} from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["test/helpers/setup.ts"],
    include: ["test/soak/**/*.test.ts", "test/fault/kill-*.test.ts"],
    globalSetup: ["test/helpers/fault-setup.ts"],
    env: {CARRYBOOK_KILLS: "200"},
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
    fileParallelism: false
  }
});
