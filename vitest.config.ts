import { defineConfig } from "vitest/config"

/** Where the results go as JSON too, if anywhere: for whoever counts them. */
const report = process.env["TEST_REPORT"]

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/globalSetup.ts"],
    // Processes: Deno's worker threads lack a call that vitest uses.
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]]
  }
})
