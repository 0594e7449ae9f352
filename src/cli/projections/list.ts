import { PgClient } from "@effect/sql-pg"
import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import type { ProjectionStore } from "../../projections/tables/ProjectionStore.ts"
import { ProjectionCatalog, sourceChanged } from "../../projections/versions/ProjectionCatalog.ts"
import { versionProgress } from "../../projections/versions/versions.ts"
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
      const { changedSources, failing, stores } = yield* ProjectionCatalog
      const isIn = (some: ReadonlyArray<ProjectionStore>, name: string, version: number) =>
        some.some(({ projection }) => projection.name === name && projection.version === version)
      const isFailing = (name: string, version: number) => failing.some((one) => one.projection === name && one.version === version)
      const rows = yield* versionProgress(sql)
      const changed = yield* changedSources
      yield* print(...formatTable(
        ["PROJECTION", "VERSION", "STATE", "EVENTS DONE", "BEHIND", "PARKED"],
        rows.map(({ active, done, parked, projection, state, total, version }) => [
          projection,
          String(version),
          [
            active === true ? "active" : state === "building" ? "to be rebuilt" : "following",
            ...isFailing(projection, version)
              ? ["fails on the sample log"]
              : isIn(stores, projection, version)
              ? []
              : ["not in this code"],
            ...isIn(changed, projection, version) ? ["source changed"] : []
          ].join(", "),
          String(done),
          String(total - done),
          String(parked)
        ])
      ))
      if (changed.length > 0) yield* print("", ...changed.map(({ projection }) => sourceChanged(projection)))
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("List the versions and how far each has come"))
