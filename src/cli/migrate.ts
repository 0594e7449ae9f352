import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import { databaseLayer } from "../App.ts"
import { migrateDirectly } from "../database/Migrations.ts"
import { explained } from "./CommandFailed.ts"
import { print } from "./print.ts"

const handle = Effect.fnUntraced(
  function*() {
    const applied = yield* migrateDirectly
    yield* applied.length === 0 ? print("The database is up to date.") : print(...applied.map((name) => `applied ${name}`))
  },
  Effect.provide(databaseLayer),
  explained
)

/** `migrate`: brings the database to this version's schema, and prints what it applied. */
export const migrate = Command.make("migrate", {}, handle).pipe(
  Command.withDescription("Bring the database to this version's schema (serve does it too)")
)
