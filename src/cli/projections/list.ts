import { PgClient } from "@effect/sql-pg"
import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import { ProjectionCatalog } from "../../projections/ProjectionCatalog.ts"
import { explained } from "../CommandFailed.ts"
import { formatTable } from "../formatTable.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"

/** `projections list`: every version the database knows, what becomes of it and how far it is. */
export const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(
    function*() {
      const sql = yield* PgClient.PgClient
      const { stores } = yield* ProjectionCatalog
      const isKnown = (name: string, version: number) =>
        stores.some(({ projection }) => projection.name === name && projection.version === version)
      const rows = yield* sql<Row>`
        select v.projection, v.version, v.state, p.active_version = v.version as active,
          sum(c.position)::bigint as done, sum(h.position)::bigint as total,
          (select count(*) from parked_users u where u.projection = v.projection and u.version = v.version) as parked
        from projection_versions v
        join checkpoints c on c.projection = v.projection and c.version = v.version
        join slice_heads h using (slice)
        left join projections p on p.projection = v.projection
        group by v.projection, v.version, v.state, p.active_version
        order by v.projection, v.version`
      yield* print(...formatTable(
        ["PROJECTION", "VERSION", "STATE", "EVENTS DONE", "BEHIND", "PARKED"],
        rows.map(({ active, done, parked, projection, state, total, version }) => [
          projection,
          String(version),
          [
            active === true ? "active" : state === "building" ? "to be rebuilt" : "following",
            ...isKnown(projection, version) ? [] : ["not in this code"]
          ].join(", "),
          String(done),
          String(total - done),
          String(parked)
        ])
      ))
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("List the versions and how far each has come"))

interface Row {
  readonly projection: string
  readonly version: number
  readonly state: string
  readonly active: boolean | null
  readonly done: bigint
  readonly total: bigint
  readonly parked: bigint
}
