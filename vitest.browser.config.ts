import {defineConfig} from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["test/helpers/setup.ts"],
    include: ["test/browser/**/*.test.ts"],
    globalSetup: ["test/helpers/browser-setup.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Two files share the one browser; a page that waits for a core is not a page that fails.
    expect: {poll: {timeout: 10_000}},
    maxWorkers: 2
  }
});
