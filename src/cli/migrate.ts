import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import { databaseLayer } from "../App.ts"
import { migratePartitions } from "../partitions/migratePartitions.ts"
import { explained } from "./CommandFailed.ts"
import { print } from "./print.ts"

const handle = Effect.fnUntraced(
  function*() {
    const databases = yield* migratePartitions
    const lines = databases.flatMap(({ applied, name }) =>
      applied.map((migration) => name === undefined ? `applied ${migration}` : `applied ${migration} to ${name}`)
    )
    const upToDate = databases.length === 1 ? "The database is up to date." : `The ${databases.length} databases are up to date.`
    yield* print(...lines.length === 0 ? [upToDate] : lines)
  },
  Effect.provide(databaseLayer),
  explained
)

/** `migrate`: brings the databases to this version's schema, and prints what it applied. */
export const migrate = Command.make("migrate", {}, handle).pipe(
  Command.withDescription("Bring the database to this version's schema (serve does it too)")
)
