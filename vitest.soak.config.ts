import {defineConfig} from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["test/helpers/whole-replacements.ts"],
    include: ["test/soak/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
    fileParallelism: false
  }
});
