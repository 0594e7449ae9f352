/*
 * The tests that work with whole programs: services as processes, PostgreSQL servers of their own,
 * several partitions, the console in a browser, the client, the package. They wait for programs to
 * start, and take four fifths of the time of all tests. So `npm test` leaves them out, unless it is
 * asked for a file or a room, and `npm run test:programs` runs them.
 */

/** Their rooms and files, as vitest's patterns. */
export const testsOfPrograms: ReadonlyArray<string> = [
  "test/cli/**/*.test.ts",
  "test/client/**/*.test.ts",
  "test/clients/**/*.test.ts",
  "test/cluster/**/*.test.ts",
  "test/console/**/*.test.ts",
  "test/database/embedded/**/*.test.ts",
  "test/database/{encryption,migrations}.test.ts",
  "test/docs/**/*.test.ts",
  "test/partitions/**/*.test.ts",
  "test/processes/**/*.test.ts",
  "test/projections/own/**/*.test.ts",
  "test/projections/runner/projectionThread.test.ts",
  "test/proof/**/*.test.ts",
  "test/scripts/{databaseUrl,firstDay,package,run,start}.test.ts",
  "test/service/**/*.test.ts",
  "test/tenants/Bootstrap.test.ts",
  "test/transfer/**/*.test.ts"
]
