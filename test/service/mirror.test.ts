import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { readFileSync } from "node:fs"
import { serviceLayer } from "../../src/App.ts"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { LogHistories } from "../../src/event-log/LogHistories.ts"
import { sliceOf } from "../../src/event-log/sliceOf.ts"
import { serveOnly } from "../../src/event-log/statements/servedSlices.ts"
import { AnswerBudget } from "../../src/http/answers/AnswerBudget.ts"
import { Server } from "../../src/http/Server.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { logId, writeIdentity } from "../../src/partitions/PartitionDirectory.ts"
import { Partitions, type PartitionServices } from "../../src/partitions/Partitions.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { logins } from "../../src/projections/catalog/logins.ts"
import { removeUnserved } from "../../src/projections/feed/Checkpoints.ts"
import { MostAtOnce } from "../../src/projections/feed/MostAtOnce.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import type { UserRef } from "../../src/projections/tables/ProjectionStore.ts"
import { activateVersion } from "../../src/projections/versions/activateVersion.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { StepBound } from "../../src/projections/versions/rebuildInSteps.ts"
import { rebuildUser } from "../../src/projections/versions/rebuildUser.ts"
import { Readiness } from "../../src/readiness/Readiness.ts"
import { ApiKeys } from "../../src/tenants/ApiKeys.ts"
import { RateLimits } from "../../src/tenants/RateLimits.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { changeTimeZone } from "../../src/time-zones/changeTimeZone.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { copyDatabase } from "../support/database/copyDatabase.ts"
import { TestDatabase, testPartitions } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { MirrorEngine, type Page } from "../support/service/MirrorEngine.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testClients } from "../support/service/TestService.ts"

/** One in the usual run, for time; `MIRROR_SEEDS=1,2,3` runs others. */
const seeds = (process.env["MIRROR_SEEDS"] ?? "1").split(",").map(Number)

/** Users whose logins cannot be folded now. */
const unfoldable = new Set<string>()

/**
 * The catalog, with a second version of one projection that counts everything twice, and logins
 * that fail now and then.
 */
const projections: ReadonlyArray<AnyProjection> = [
  ...catalog.filter(({ name }) => name !== logins.name),
  { ...casino, version: 2, contribute: (event, context) => [1, 2].flatMap(() => casino.contribute?.(event, context) ?? []) },
  {
    ...logins,
    contribute: (event, context) => {
      if (unfoldable.has(event.userId)) throw new Error("this login cannot be folded")
      return logins.contribute?.(event, context) ?? []
    }
  }
]

/**
 * The whole service on a database until it is stopped. It works in the newest history of the log,
 * as whatever appends does.
 */
const startService = Effect.fnUntraced(function*({ settings, url }: TestDatabase["Service"]) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const context = yield* Layer.build(
    Layer.fresh(
      Server.layer.pipe(
        Layer.provide([Readiness.layer, RateLimits.layer, AnswerBudget.layer]),
        Layer.provideMerge(serviceLayer(projections)),
        Layer.provide(
          ConfigProvider.layer(
            ConfigProvider.fromUnknown({ DATABASE_URL: Redacted.value(url), PORT: "0", MAX_FUTURE_HOURS: "0", ...settings })
          )
        ),
        Layer.provide(Logger.layer([]))
      )
    )
  ).pipe(Effect.provideService(Scope.Scope, scope))
  yield* Effect.orDie(Context.get(context, LogHistories).keepUp)
  return { context, url: Context.get(context, Server).url, stop: Scope.close(scope, Exit.void) }
})

/**
 * A document as the service and its mirror are to agree on it: the position of a slice grows with
 * others' events.
 */
const shown = ({ position: _, ...document }: Readonly<Record<string, unknown>>) => document

/**
 * Every document of the service as it is when all is folded, by its user: of the users that it
 * lists, and of no others.
 */
const allDocuments = Effect.fnUntraced(function*(url: string, key: string) {
  const ask = (path: string, init: RequestInit = {}) =>
    Effect.promise(async () => {
      const headers = { "x-api-key": key, "content-type": "application/json", prefer: "wait=30" }
      const answer = await fetch(`${url}/api/v1/users${path}`, { ...init, headers })
      assert.strictEqual(answer.status, 200, path)
      return await answer.json() as Record<string, ReadonlyArray<Record<string, unknown>>>
    })
  const documents = new Map<string, unknown>()
  for (let query: string | undefined = "?limit=7"; query !== undefined;) {
    const page: Record<string, ReadonlyArray<Record<string, unknown>> | string | null> = yield* ask(query)
    const user_ids = (page["users"] as ReadonlyArray<Record<string, unknown>>).map(({ user_id }) => user_id)
    if (user_ids.length > 0) {
      // Parked users are answered as they are, so it is waited for the log in another way.
      const { users = [] } = yield* ask("/counters", { method: "POST", body: JSON.stringify({ user_ids }) })
      assert.deepStrictEqual(users.map(({ user_id }) => user_id), user_ids)
      for (const document of users) documents.set(String(document["user_id"]), shown(document))
    }
    query = page["next_cursor"] === null ? undefined : `?limit=7&cursor=${String(page["next_cursor"])}`
  }
  return documents
})

/** The mirror ends with the documents of the service: for every user, and for no user too many. */
const assertMirrored = Effect.fnUntraced(function*(engine: MirrorEngine, key: string) {
  yield* Effect.promise(() => engine.catchUp())
  const expected = yield* allDocuments(engine.url, key)
  const mirrored = new Map([...engine.documents].map(([user, document]) => [user, shown(document)]))
  assert.sameMembers([...mirrored.keys()], [...expected.keys()])
  for (const [user, document] of expected) assert.deepStrictEqual(mirrored.get(user), document, user)
  return expected
})

/** An engine that has begun and caught up. */
const mirrored = (url: string, key: string) =>
  Effect.promise(async () => {
    const engine = new MirrorEngine(url, key)
    await engine.catchUp()
    return engine
  })

type Local = EventLog | PgClient.PgClient | ProjectionCatalog
type Operation = Effect.Effect<void, unknown, Partitions | UserErasure>

/** What a partition has for what is done in its database alone. */
const locally = <A, E>(operation: Effect.Effect<A, E, Local>) => (services: Context.Context<PartitionServices>) =>
  Effect.provide(operation, services as Context.Context<PartitionServices | PgClient.PgClient>)

const everywhere = <A, E>(operation: Effect.Effect<A, E, Local>) =>
  Effect.flatMap(Partitions, (partitions) => partitions.everywhere(locally(operation)))

const whereIs = <A, E>({ tenantId, userId }: UserRef, operation: Effect.Effect<A, E, Local>) =>
  Effect.flatMap(Partitions, (partitions) => partitions.at(sliceOf(tenantId, userId), locally(operation)))

/** What operators and developers do to numbers without events, one at random. */
const operations = (tenant: Tenant, userIds: ReadonlyArray<string>, random: ReturnType<typeof seededRandom>) => {
  const stores = Effect.map(ProjectionCatalog, ({ stores }) => stores)
  const activate = everywhere(Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    for (const store of (yield* stores).filter(({ projection }) => projection.name === "casino")) {
      // One of the two is active.
      yield* Effect.ignore(activateVersion(sql, store, { withParked: true, replaceViews: true }))
    }
  }))
  const rebuildSome = Effect.suspend(() => {
    const owner = { tenantId: tenant.tenantId, userId: UserId(random.pick(userIds)) }
    return whereIs(
      owner,
      Effect.gen(function*() {
        const store = random.pick((yield* stores).filter(({ projection }) => projection.ranking === undefined))
        yield* rebuildUser({ sql: yield* PgClient.PgClient, log: yield* EventLog }, store, owner).pipe(
          Effect.provideService(MostAtOnce, random.pick([1, 30_000])),
          Effect.provideService(StepBound, { events: 50, bytes: 1_000_000 })
        )
      })
    )
  })
  const park = Effect.sync(() => void unfoldable.add(random.pick(userIds)))
  const unpark = everywhere(Effect.gen(function*() {
    unfoldable.clear()
    const sql = yield* PgClient.PgClient
    const store = (yield* stores).find(({ projection }) => projection.name === logins.name)
    const parked = yield* sql<{ user_id: string }>`select user_id from parked_users where projection = ${logins.name}`
    if (store === undefined) return yield* Effect.die(new Error("logins is in the catalog"))
    for (const { user_id } of parked) {
      yield* rebuildUser({ sql, log: yield* EventLog }, store, { tenantId: tenant.tenantId, userId: UserId(user_id) })
    }
  }))
  const move = Effect.suspend(() => {
    const timeZone = random.pick(["America/New_York", "Pacific/Apia", "UTC", "Asia/Kathmandu"])
    const options = { tenantId: tenant.tenantId, timeZone, onProgress: () => Effect.void }
    return everywhere(Effect.gen(function*() {
      yield* changeTimeZone({ sql: yield* PgClient.PgClient, log: yield* EventLog }, yield* stores, options)
    }))
  })
  const erase = Effect.flatMap(UserErasure, ({ erase }) => erase(tenant, UserId(random.pick(userIds))))
  const all: ReadonlyArray<Effect.Effect<unknown, unknown, Partitions | UserErasure>> = [
    activate,
    rebuildSome,
    rebuildSome,
    park,
    unpark,
    move,
    erase,
    erase
  ]
  return all.map((operation): Operation => Effect.orDie(Effect.asVoid(operation)))
}

const send = Effect.fnUntraced(function*(tenant: Tenant, items: ReadonlyArray<FastTrackItem>) {
  if (items.length === 0) return
  const { batch } = yield* Ingest
  yield* batch(tenant, bulkItems(items), { strict: false })
})

/** A tenant with a key that may read. */
const newReader = Effect.gen(function*() {
  const tenant = yield* newTenant()
  const { key } = yield* Effect.flatMap(ApiKeys, ({ create }) => create(tenant, "engine", ["read"]))
  return { tenant, key: Redacted.value(key) }
})

/** Splits a log that nobody uses, at slice 128: its copy has the second half from now on. */
const splitInTwo = Effect.fnUntraced(function*(home: TestDatabase["Service"], copy: TestDatabase["Service"]) {
  const clientOf = (database: TestDatabase["Service"]) =>
    Effect.map(
      Layer.build(Layer.fresh(testClients)).pipe(Effect.provideService(TestDatabase, database)),
      (context) => Context.get(context, PgClient.PgClient)
    )
  const sql = yield* clientOf(home)
  const log = yield* logId(sql)
  for (const [partition, { database, server }] of [{ database: home, server: "home" }, { database: copy, server: "b" }].entries()) {
    const range = { first: Slice(128 * partition), last: Slice(128 * partition + 127) }
    const own = yield* clientOf(database)
    yield* writeIdentity(own, { log, partition, epoch: 1 })
    yield* serveOnly(own, range)
    yield* removeUnserved(own)
    yield* sql`
      insert into partitions (partition, first_slice, last_slice, server, epoch)
      values (${partition}, ${range.first}, ${range.last}, ${server}, 1)`
  }
}, Effect.orDie)

describe("an engine that mirrors every counter", () => {
  it.live.each(seeds)(
    "ends equal to the service, whatever is sent, activated, rebuilt, parked, moved, erased and restarted meanwhile (seed %i)",
    (seed) =>
      Effect.gen(function*() {
        const random = seededRandom(seed)
        const database = yield* TestDatabase
        let service = yield* startService(database)
        const { key, tenant } = yield* newReader.pipe(Effect.provide(service.context))
        const { items, userIds } = generateItems({ seed, users: 24, itemsPerUser: 25 })
        const batches = cutIntoBatches(random, shuffle(random, [...items]))
        const engine = new MirrorEngine(service.url, key)
        const follow = yield* Effect.forkChild(
          Effect.forever(Effect.promise(() => engine.step(`limit=${1 + random.below(9)}&wait=${random.below(2)}`)))
        )
        const mixed = shuffle(random, operations(tenant, userIds, random))
        for (const [index, batch] of batches.entries()) {
          yield* send(tenant, batch).pipe(Effect.provide(service.context))
          const operation = mixed[index % mixed.length]
          if (operation !== undefined && random.chance(12 / batches.length)) yield* Effect.provide(operation, service.context)
          if (index === batches.length >> 1) {
            yield* service.stop
            service = yield* startService(database)
            engine.url = service.url
          }
        }
        yield* Fiber.interrupt(follow)
        // Erased users come back with events that were never sent before, parked ones with their
        // next.
        const again = generateItems({ seed: seed + 1000, users: 24, itemsPerUser: 3 }).items
        yield* send(tenant, again).pipe(Effect.provide(service.context))
        yield* assertMirrored(engine, key)
        // Each alone is told, whatever else happens or does not.
        const [, wrongUser = ""] = userIds
        const wrongOwner = { tenantId: tenant.tenantId, userId: UserId(wrongUser) }
        const rebuilt = whereIs(
          wrongOwner,
          Effect.gen(function*() {
            const sql = yield* PgClient.PgClient
            yield* sql`update ${sql(`logins_v${logins.version}_totals`)} set login_count = login_count + 1000 where user_id = ${wrongUser}`
            const wrong = yield* mirrored(service.url, key)
            const store = (yield* ProjectionCatalog).stores.find(({ projection }) => projection.name === logins.name)
            if (store === undefined) return yield* Effect.die(new Error("logins is in the catalog"))
            yield* rebuildUser({ sql, log: yield* EventLog }, store, wrongOwner)
            yield* assertMirrored(wrong, key)
          })
        )
        yield* Effect.provide(rebuilt, service.context)
        for (const operation of shuffle(random, operations(tenant, userIds, random))) {
          yield* Effect.provide(operation, service.context)
          yield* assertMirrored(engine, key)
        }
        const documents = yield* assertMirrored(engine, key)
        assert.isAbove(documents.size, 12)
        assert.isTrue(
          [...documents.values()].every((document) =>
            Object.values((document as { generations: Record<string, number> }).generations).every((generation) => generation > 0)
          )
        )

        // One who begins now has the same, and one with an older cursor loses nothing.
        yield* assertMirrored(new MirrorEngine(service.url, key), key)
        yield* assertMirrored(engine, key)
        unfoldable.clear()
      }).pipe(Effect.provide(TestDatabase.layer)),
    90_000
  )

  it.live("goes back with the log where an older copy of the database takes its place", () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase
      const first = yield* startService(database)
      const { key, tenant } = yield* newReader.pipe(Effect.provide(first.context))
      const { items, userIds } = generateItems({ seed: 3, users: 30, itemsPerUser: 12 })
      const half = items.filter((_, index) => index % 2 === 0)
      const engine = new MirrorEngine(first.url, key)
      yield* send(tenant, half.filter(({ data }) => userIds.indexOf(data.user_id) < 25)).pipe(Effect.provide(first.context))
      // The users of the database that goes back: all, unless there are several partitions.
      const lastSlice = (yield* Partitions.pipe(Effect.provide(first.context))).map()[0]?.last ?? 255
      const here = new Set(userIds.filter((user) => sliceOf(tenant.tenantId, UserId(user)) <= lastSlice))
      const [gone = "", kept = ""] = here
      yield* Effect.flatMap(UserErasure, ({ erase }) => erase(tenant, UserId(kept))).pipe(Effect.provide(first.context))
      yield* assertMirrored(engine, key)
      const late = yield* mirrored(first.url, key)
      yield* first.stop
      const backup = yield* copyDatabase(database)

      // What is lost: events of users old and new, an erasure, an activation, another zone.
      const second = yield* startService(database)
      engine.url = second.url
      const lost = Effect.gen(function*() {
        yield* send(tenant, items.filter((_, index) => index % 4 === 1))
        yield* Effect.flatMap(UserErasure, ({ erase }) => erase(tenant, UserId(gone)))
        const sql = yield* PgClient.PgClient
        const { stores } = yield* ProjectionCatalog
        const older = stores.find(({ projection }) => projection.name === "casino" && projection.version === 1)
        if (older === undefined) return yield* Effect.die(new Error("casino has a first version"))
        yield* Effect.retry(activateVersion(sql, older, { withParked: true, replaceViews: true }), { times: 3 })
        yield* changeTimeZone({ sql, log: yield* EventLog }, stores, {
          tenantId: tenant.tenantId,
          timeZone: "Pacific/Apia",
          onProgress: () => Effect.void
        })
      })
      yield* Effect.provide(lost, second.context)
      // It has not been told of what is lost, but has read documents that have it.
      const reader = yield* mirrored(second.url, key)
      for (const [user, document] of reader.documents) if (late.documents.has(user)) late.documents.set(user, document)
      const before = yield* assertMirrored(engine, key)
      yield* second.stop

      const third = yield* startService(backup)
      engine.url = third.url
      late.url = third.url
      yield* assertMirrored(late, key)
      const after = yield* assertMirrored(engine, key)
      assert.isFalse(before.has(gone))
      assert.isTrue(after.has(gone))
      assert.isBelow(after.size, before.size)
      const generationOf = (document: unknown) => (document as { generations: { casino: number } }).generations.casino
      const both = [...after].filter(([user]) => before.has(user) && here.has(user))
      assert.isAbove(both.length, 10 / testPartitions - 1)
      for (const [user, document] of both) assert.isAbove(generationOf(document), generationOf(before.get(user)))

      // The positions are used again, for other events.
      yield* send(tenant, items.filter((_, index) => index % 4 === 3)).pipe(Effect.provide(third.context))
      yield* assertMirrored(engine, key)
    }).pipe(Effect.provide(TestDatabase.layer)), 90_000)

  it.live(
    "goes on in both halves of a log that is split, and is told again of the one that went to another database alone",
    () =>
      Effect.gen(function*() {
        const database = TestDatabase.of({ url: (yield* TestDatabase).url, settings: {} })
        const first = yield* startService(database)
        const { key, tenant } = yield* newReader.pipe(Effect.provide(first.context))
        const { items, userIds } = generateItems({ seed: 4, users: 30, itemsPerUser: 8 })
        const isLate = ({ data }: FastTrackItem, index: number) => index % 3 === 0 || userIds.indexOf(data.user_id) > 25
        yield* send(tenant, items.filter((item, index) => !isLate(item, index))).pipe(Effect.provide(first.context))
        const engine = new MirrorEngine(first.url, key)
        yield* assertMirrored(engine, key)
        yield* first.stop

        const other = yield* copyDatabase(database)
        yield* splitInTwo(database, other)
        const second = yield* startService(
          TestDatabase.of({ ...database, settings: { DATABASE_SERVERS: `b=${Redacted.value(other.url)}` } })
        )
        engine.url = second.url
        const answer = yield* Effect.promise(async () => {
          const url = `${second.url}/api/v1/changes?cursor=${engine.cursor}&wait=0&consistency=strong`
          const page = await (await fetch(url, { headers: { "x-api-key": key } })).json() as Page
          return [...page.kept?.slices ?? [], ...page.changes].map(({ slice }) => slice)
        })
        assert.isAbove(answer.length, 128)
        assert.isAtLeast(Math.min(...answer), 128)
        yield* assertMirrored(engine, key)

        yield* send(tenant, items.filter(isLate)).pipe(Effect.provide(second.context))
        for (const user of userIds.slice(0, 6)) {
          yield* Effect.flatMap(UserErasure, ({ erase }) => erase(tenant, UserId(user))).pipe(Effect.provide(second.context))
        }
        yield* assertMirrored(engine, key)
        yield* assertMirrored(new MirrorEngine(second.url, key), key)
      }).pipe(Effect.provide(TestDatabase.layerOfOne("the log that is split is in one database"))),
    90_000
  )

  it("is the one that the documentation shows", () => {
    const code = readFileSync(new URL("../support/service/MirrorEngine.ts", import.meta.url), "utf8")
    assert.include(readFileSync(new URL("../../docs/reading.md", import.meta.url), "utf8"), code)
  })
})
