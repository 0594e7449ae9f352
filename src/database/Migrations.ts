import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Migrator, SqlClient, type SqlError } from "effect/sql"
import { migrations } from "../../migrations/index.ts"
import { cli } from "../platform/cli.ts"
import { DirectClient } from "./DirectClient.ts"

/**
 * The schema of the database does not match this code.
 *
 * `message` says which of the two is older and what to do.
 */
export class SchemaMismatch extends Schema.TaggedError<SchemaMismatch>("playtally/database/SchemaMismatch")("SchemaMismatch", {
  message: Schema.String
}) {}

/** The names of this code's migrations, in order. */
export const knownMigrations: ReadonlyArray<string> = Object.keys(migrations)

const table = "playtally_migrations"

/**
 * The names of the applied migrations in order, such as `0001_create_event_log`.
 *
 * Empty for a database that was never migrated.
 */
const applied = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ found: boolean }>`select to_regclass(${table}) is not null as found`
  if (found?.found !== true) return []
  const rows = yield* sql<{ name: string }>`
    select lpad(migration_id::text, 4, '0') || '_' || name as name from ${sql(table)} order by migration_id`
  return rows.map((row) => row.name)
})

/**
 * The names of the migrations that the database lacks.
 *
 * It changes nothing, and works on a database that was never migrated.
 *
 * - {@link SchemaMismatch}: the database has a migration that this code does not know.
 * - `SqlError`: a statement failed.
 */
export const missingMigrations: Effect.Effect<ReadonlyArray<string>, SchemaMismatch | SqlError.SqlError, SqlClient.SqlClient> = Effect.gen(
  function*() {
    const names = yield* applied
    const unknown = names.filter((name, index) => knownMigrations[index] !== name)
    if (unknown.length > 0) {
      return yield* new SchemaMismatch({
        message: `This code does not know the database's migration ${
          unknown[0]
        }: the database is newer, or belongs to another program. Start the version that made it.`
      })
    }
    return knownMigrations.slice(names.length)
  }
)

/**
 * Applies the missing migrations in one transaction, and returns their names.
 *
 * Processes that start together wait for each other. It fails as {@link missingMigrations} does,
 * and with `MigrationError` if a migration fails. After a failure nothing is applied.
 */
export const migrate: Effect.Effect<
  ReadonlyArray<string>,
  SchemaMismatch | SqlError.SqlError | Migrator.MigrationError,
  SqlClient.SqlClient
> = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  // The lock belongs to the transaction, so it works through a pooler that gives a session for one
  // transaction only.
  return yield* sql.withTransaction(Effect.gen(function*() {
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally migrations'))`
    const missing = yield* missingMigrations
    if (missing.length === 0) return missing
    // The migrator creates this table too. Where it cannot, it asks again in the aborted
    // transaction, and that second error hides the first.
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

/**
 * Applies the missing migrations, around the pooler if `DATABASE_DIRECT_URL` is set.
 *
 * It guarantees what {@link migrate} does, and fails as it does.
 */
export const migrateDirectly = Effect.flatMap(
  DirectClient,
  (direct) => direct === undefined ? migrate : Effect.provideService(migrate, SqlClient.SqlClient, direct)
)

/**
 * Succeeds only if the database has exactly this code's migrations.
 *
 * It changes nothing. It fails with {@link SchemaMismatch} if a migration is missing or unknown,
 * and with `SqlError` if a statement fails.
 */
export const checkSchema: Effect.Effect<void, SchemaMismatch | SqlError.SqlError, SqlClient.SqlClient> = Effect.gen(function*() {
  const missing = yield* missingMigrations
  if (missing.length > 0) {
    return yield* new SchemaMismatch({
      message: `The database lacks migration ${missing[0]}: run \`${cli} migrate\` (or \`npm start\`) with this version first.`
    })
  }
})

/** Proof that the database has this code's schema. Services that need the tables depend on it. */
export class Migrations extends Context.Service<Migrations, {
  /** The names of the migrations that this process has applied; none after a check. */
  readonly applied: ReadonlyArray<string>
}>()("playtally/database/Migrations") {
  /** Applies what is missing, see {@link migrateDirectly}. */
  static readonly layer = Layer.effect(Migrations, Effect.map(migrateDirectly, (applied) => Migrations.of({ applied })))
  /** Changes nothing, see {@link checkSchema}. For commands that run beside a service. */
  static readonly layerCheck = Layer.effect(Migrations, Effect.as(checkSchema, Migrations.of({ applied: [] })))
}
