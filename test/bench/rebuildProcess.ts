/*
 * Rebuilds projections on the database of the settings, one after the other, each from nothing, and tells how long each took as a line of JSON: a process
 * of its own, so that nothing else is in its memory. Arguments: the names; with `--continue` first, what is there stays and is only brought up to date.
 */
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { databaseLayer } from "../../src/App.ts"
import { Migrations } from "../../src/database/Migrations.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { activateVersion } from "../../src/projections/activateVersion.ts"
import { catalog } from "../../src/projections/catalog.ts"
import { ProjectionCatalog, type Remake } from "../../src/projections/ProjectionCatalog.ts"
import { rebuild } from "../../src/projections/rebuild.ts"
import { slicesWithEvents } from "../../src/projections/slicesWithEvents.ts"
import { activeVersions } from "../../src/projections/versions.ts"

const given = process.argv.slice(2)
const anew = given[0] !== "--continue"
const names = anew ? given : given.slice(1)

const timed = (name: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const log = yield* EventLog
    const store = (yield* ProjectionCatalog).stores.find(({ projection }) => projection.name === name)
    if (store === undefined) return yield* Effect.die(new Error(`there is no projection ${name}`))
    const slices = yield* slicesWithEvents(sql)
    const started = performance.now()
    const { done } = yield* rebuild(sql, log, store, { slices, onProgress: () => Effect.void })
    const milliseconds = performance.now() - started
    if ((yield* activeVersions(sql)).get(name) === undefined) {
      yield* activateVersion(sql, store, { withParked: false, replaceViews: false })
    }
    process.stdout.write(`${JSON.stringify({ name, events: done, milliseconds })}\n`)
  })

const layer = (remake?: Remake) =>
  Layer.mergeAll(ProjectionCatalog.layer(catalog, remake), EventLog.layer).pipe(
    Layer.provideMerge(Migrations.layerCheck),
    Layer.provideMerge(databaseLayer)
  )

await Effect.runPromise(
  anew
    ? Effect.forEach(names, (name) => Effect.provide(timed(name), layer({ name, version: undefined })), { discard: true })
    : Effect.provide(Effect.forEach(names, timed, { discard: true }), layer())
)
