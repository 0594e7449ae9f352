import { PgClient } from "@effect/sql-pg"
import { Argument, Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventLog } from "../../event-log/EventLog.ts"
import { ProjectionCatalog } from "../../projections/versions/ProjectionCatalog.ts"
import { rebuildUser } from "../../projections/versions/rebuildUser.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { formatTable } from "../formatTable.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { title } from "./projectionVersion.ts"

const name = Argument.String("projection").pipe(Argument.withDescription("Only this projection"), Argument.optional)

/** Most users listed. */
const maxListed = 1000

interface Row {
  readonly projection: string
  readonly version: number
  readonly tenant_id: string
  readonly tenant: string
  readonly user_id: string
  readonly slice: number
  readonly position: bigint
  readonly error: string
}

const parkedUsers = Effect.fnUntraced(function*(projection: Option.Option<string>) {
  const sql = yield* PgClient.PgClient
  const wanted = Option.getOrNull(projection)
  return yield* sql<Row>`
    select u.projection, u.version, u.tenant_id, t.name as tenant, u.user_id, u.slice, u.position, u.error
    from parked_users u join tenants t using (tenant_id)
    where u.projection = coalesce(${wanted}::text, u.projection)
    order by u.projection, u.version, u.slice, u.position limit ${maxListed}`
})

/** `projections parked [NAME]`: whose events a version could not fold, and why. */
export const parked = Command.make(
  "parked",
  { name },
  Effect.fnUntraced(
    function*({ name }) {
      const rows = yield* parkedUsers(name)
      if (rows.length === 0) return yield* print("Nobody is parked.")
      yield* print(...formatTable(
        ["PROJECTION", "TENANT", "USER", "SLICE", "POSITION", "ERROR"],
        rows.map((
          row
        ) => [`${row.projection} v${row.version}`, row.tenant, row.user_id, String(row.slice), String(row.position), row.error])
      ))
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("List the users whose events a version could not fold"))

/**
 * `projections unpark [NAME]`: folds the parked users' events again, all of them, with the code of
 * now.
 */
export const unpark = Command.make(
  "unpark",
  { name },
  Effect.fnUntraced(
    function*({ name }) {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const { stores } = yield* ProjectionCatalog
      let [freed, still] = [0, 0]
      for (const row of yield* parkedUsers(name)) {
        const store = stores.find(({ projection }) => projection.name === row.projection && projection.version === row.version)
        if (store === undefined) continue
        const fed = yield* rebuildUser({ sql, log }, store, { tenantId: row.tenant_id, userId: row.user_id })
        yield* print(`${title(store)}: ${row.user_id} ${fed ? "is fed again" : "still cannot be folded"}`)
        if (fed) freed++
        else still++
      }
      yield* print(`${freed} users are fed again, ${still} stay parked.`)
      if (still > 0) return yield* new CommandFailed({ message: "Some cannot be folded yet: projections parked says why." })
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Fold the parked users' events again, after the code was mended"))
