import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import type { TenantId } from "../values/TenantId.ts"
import { zoneProblem } from "../values/zones/zoneProblem.ts"
import type { Tenant } from "./Tenant.ts"

/** A tenant of that name exists already. Nothing was changed. */
export class TenantExists
  extends Schema.TaggedError<TenantExists>("playtally/tenants/TenantExists")("TenantExists", { name: Schema.String })
{}

/** No tenant has that name. */
export class TenantNotFound extends Schema.TaggedError<TenantNotFound>("playtally/tenants/TenantNotFound")("TenantNotFound", {
  name: Schema.String
}) {}

/** The text names no zone that a tenant may have. The message says why, and the right spelling. */
export class UnknownTimeZone
  extends Schema.TaggedError<UnknownTimeZone>("playtally/tenants/UnknownTimeZone")("UnknownTimeZone", { message: Schema.String })
{}

/** Fails unless a tenant may have the text as its zone. */
export const checkTimeZone = (timeZone: string): Effect.Effect<void, UnknownTimeZone> => {
  const problem = zoneProblem(timeZone)
  return problem === undefined ? Effect.void : Effect.fail(new UnknownTimeZone({ message: problem }))
}

/**
 * The tenants of this installation.
 *
 * Each method fails with `DatabaseUnavailable` if the database did not answer. A tenant may then be
 * there or not: repeat the call.
 */
export class Tenants extends Context.Service<Tenants, {
  /**
   * Makes a tenant with a secret key namespace of its own.
   *
   * `weekStart` is the day with which the tenant's weeks begin: 1 (Monday, the default) to 7.
   *
   * - `TenantExists`: the name is taken, and that tenant stays as it is.
   * - `UnknownTimeZone`: the zone cannot be given to a tenant. Nothing was made.
   */
  readonly create: (
    name: string,
    timeZone: string,
    weekStart?: number
  ) => Effect.Effect<Tenant, TenantExists | UnknownTimeZone | DatabaseUnavailable>
  /** Finds a tenant by its name. `TenantNotFound`: no tenant has it. */
  readonly get: (name: string) => Effect.Effect<Tenant, TenantNotFound | DatabaseUnavailable>
  /** All tenants, by name. */
  readonly list: Effect.Effect<ReadonlyArray<Tenant>, DatabaseUnavailable>
}>()("playtally/tenants/Tenants") {
  static readonly layer = Layer.effect(
    Tenants,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient

      const list = sql<TenantRow>`select ${sql.literal(columns)} from tenants order by name`.pipe(
        Effect.map((rows) => rows.map(toTenant)),
        unavailable("Tenants.list")
      )
      const get = Effect.fn("Tenants.get")(function*(name: string) {
        const [row] = yield* sql<TenantRow>`select ${sql.literal(columns)} from tenants where name = ${name}`.pipe(
          unavailable("Tenants.get")
        )
        return row === undefined ? yield* new TenantNotFound({ name }) : toTenant(row)
      })
      const create = Effect.fn("Tenants.create")(function*(name: string, timeZone: string, weekStart = 1) {
        yield* checkTimeZone(timeZone)
        const [row] = yield* sql<TenantRow>`
          insert into tenants (name, time_zone, week_start) values (${name}, ${timeZone}, ${weekStart})
          on conflict (name) do nothing returning ${sql.literal(columns)}`.pipe(unavailable("Tenants.create"))
        return row === undefined ? yield* new TenantExists({ name }) : toTenant(row)
      })
      return Tenants.of({ create, get, list })
    })
  )
}

interface TenantRow {
  readonly tenant_id: TenantId
  readonly name: string
  readonly time_zone: string
  readonly week_start: number
  readonly key_namespace: string
}

const columns = "tenant_id, name, time_zone, week_start, key_namespace"

const toTenant = (row: TenantRow): Tenant => ({
  tenantId: row.tenant_id,
  name: row.name,
  timeZone: row.time_zone,
  weekStart: row.week_start,
  keyNamespace: row.key_namespace
})
