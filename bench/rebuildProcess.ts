/*
 * Rebuilds projections on the database of the settings, all from one reading of the log, each from
 * nothing, and tells how long it took as a line of JSON: a process of its own, so that nothing else
 * is in its memory. Arguments: the names; with `--continue` first, what is there stays and is only
 * brought up to date.
 */
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { databaseLayer } from "../src/App.ts"
import { Migrations } from "../src/database/Migrations.ts"
import { EventLog } from "../src/event-log/EventLog.ts"
import { catalog } from "../src/projections/catalog/catalog.ts"
import { activateVersion } from "../src/projections/versions/activateVersion.ts"
import { ProjectionCatalog } from "../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../src/projections/versions/rebuild.ts"
import { activeVersions } from "../src/projections/versions/versions.ts"

const given = process.argv.slice(2)
const anew = given[0] !== "--continue"
const names = anew ? given : given.slice(1)

const remakes = anew ? names.map((name) => ({ name, version: undefined })) : []
const layer = Layer.mergeAll(ProjectionCatalog.layer(catalog, { remakes }), EventLog.layer).pipe(
  Layer.provideMerge(Migrations.layerCheck),
  Layer.provideMerge(databaseLayer)
)

await Effect.runPromise(Effect.provide(
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const log = yield* EventLog
    const stores = (yield* ProjectionCatalog).stores.filter(({ projection }) => names.includes(projection.name))
    const started = performance.now()
    const { done } = yield* rebuild({ sql, log }, stores, { onProgress: () => Effect.void })
    const milliseconds = performance.now() - started
    const active = yield* activeVersions(sql)
    for (const store of stores) {
      if (!active.has(store.projection.name)) yield* activateVersion(sql, store, { withParked: false, replaceViews: false })
    }
    process.stdout.write(`${JSON.stringify({ projections: stores.length, events: done, milliseconds })}\n`)
  }),
  layer
))
