import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/globalSetup.ts"],
    // Processes: Deno's worker threads lack a call that vitest uses.
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000
  }
})
