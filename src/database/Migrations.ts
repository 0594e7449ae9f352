import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Migrator, SqlClient, type SqlError } from "effect/sql"
import { migrations } from "../../migrations/index.ts"
import { DirectClient } from "./DirectClient.ts"

/**
 * The database and this code do not belong together; `message` says which of the two is older and
 * what to do.
 */
export class SchemaMismatch extends Schema.TaggedError<SchemaMismatch>("playtally/database/SchemaMismatch")("SchemaMismatch", {
  message: Schema.String
}) {}

const table = "playtally_migrations"
const known = Object.keys(migrations)

/**
 * The applied migrations' names as `0001_create_event_log`, in order; none for a database that has
 * never been migrated.
 */
const applied = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ found: boolean }>`select to_regclass(${table}) is not null as found`
  if (found?.found !== true) return []
  const rows = yield* sql<{ name: string }>`
    select lpad(migration_id::text, 4, '0') || '_' || name as name from ${sql(table)} order by migration_id`
  return rows.map((row) => row.name)
})

/** The names of this code's migrations, in order. */
export const knownMigrations: ReadonlyArray<string> = known

/**
 * The names of the migrations that the database lacks. Changes nothing, and works on a database
 * that was never migrated.
 */
export const missingMigrations: Effect.Effect<ReadonlyArray<string>, SchemaMismatch | SqlError.SqlError, SqlClient.SqlClient> = Effect.gen(
  function*() {
    const names = yield* applied
    const unknown = names.filter((name, index) => known[index] !== name)
    if (unknown.length > 0) {
      return yield* new SchemaMismatch({
        message: `This code does not know the database's migration ${
          unknown[0]
        }: the database is newer, or belongs to another program. Start the version that made it.`
      })
    }
    return known.slice(names.length)
  }
)

/**
 * Applies what is missing, all in one transaction; returns the names applied. Processes that start
 * together wait for each other.
 */
export const migrate: Effect.Effect<
  ReadonlyArray<string>,
  SchemaMismatch | SqlError.SqlError | Migrator.MigrationError,
  SqlClient.SqlClient
> = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  // The lock is the transaction's, so that it works through a pooler that gives a session for no
  // longer.
  return yield* sql.withTransaction(Effect.gen(function*() {
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally migrations'))`
    const missing = yield* missingMigrations
    if (missing.length === 0) return missing
    // The migrator makes it too, but asks again where it cannot, which hides why once the
    // transaction is aborted.
    yield* sql`
      create table if not exists ${sql(table)} (
        migration_id integer primary key,
        created_at timestamp with time zone not null default now(),
        name text not null
      )`
    yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
    return missing
  }))
})

/** The same around a pooler, if there is a way. */
export const migrateDirectly = Effect.flatMap(
  DirectClient,
  (direct) => direct === undefined ? migrate : Effect.provideService(migrate, SqlClient.SqlClient, direct)
)

/** Succeeds only if the database has exactly this code's migrations. */
export const checkSchema: Effect.Effect<void, SchemaMismatch | SqlError.SqlError, SqlClient.SqlClient> = Effect.gen(function*() {
  const missing = yield* missingMigrations
  if (missing.length > 0) {
    return yield* new SchemaMismatch({
      message: `The database lacks migration ${missing[0]}: run \`npm run cli -- migrate\` (or \`npm start\`) with this version first.`
    })
  }
})

/** Proof that the database has this code's schema: what needs the tables depends on it. */
export class Migrations
  extends Context.Service<Migrations, { readonly applied: ReadonlyArray<string> }>()("playtally/database/Migrations")
{
  /** Migrates, then provides the proof. */
  static readonly layer = Layer.effect(Migrations, Effect.map(migrateDirectly, (applied) => Migrations.of({ applied })))
  /** Checks without changing anything: for commands that run beside a service. */
  static readonly layerCheck = Layer.effect(Migrations, Effect.as(checkSchema, Migrations.of({ applied: [] })))
}
