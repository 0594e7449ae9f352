import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { randomBytes } from "node:crypto"
import { Counters } from "../../src/counters/Counters.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { databasesOfLog } from "../../src/event-log/LogDatabases.ts"
import { formatStoredEvent } from "../../src/event-log/StoredEvent.ts"
import { unfinishedImport } from "../../src/event-log/unfinishedImport.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { logDatabases } from "../../src/partitions/logDatabases.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { ApiKeys } from "../../src/tenants/ApiKeys.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { exportLog } from "../../src/transfer/exportLog.ts"
import { importLog } from "../../src/transfer/importLog.ts"
import { sealAfter } from "../../src/transfer/LogFile.ts"
import { LogFileReader } from "../../src/transfer/LogFileReader.ts"
import { verifyLog } from "../../src/transfer/verifyLog.ts"
import { UserId } from "../../src/values/UserId.ts"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { generateItems } from "../oracle/generateItems.ts"
import { copyDatabase } from "../support/database/copyDatabase.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { fileOf, linesOf, sampleLog, sealed } from "../support/events/sampleLog.ts"
import { testLog, testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

type Database = TestDatabase["Service"]

/** A service, and the databases of its log. */
const service = Effect.fnUntraced(function*(database: Database) {
  const context = yield* Layer.build(Layer.fresh(testService())).pipe(Effect.provideService(TestDatabase, database))
  return Context.merge(context, yield* Layer.build(Layer.fresh(logDatabases)).pipe(Effect.provide(context)))
})

/** A log with the tables and nothing in them, and its clients. */
const logOf = (database: Database) => Effect.provideService(Layer.build(Layer.fresh(testLog)), TestDatabase, database)
const migrated = Effect.flatMap(TestDatabase.make, logOf)
const migratedOfOne = Effect.flatMap(TestDatabase.makeOfOne("transferCommands.test.ts has the marks of an import in several"), logOf)

const exported = Effect.map(Stream.runCollect(exportLog()), (pieces) => Buffer.concat(pieces))
const piecesOf = (file: Uint8Array, pieceSize = 100_000) =>
  Stream.fromIterable(
    Array.from({ length: Math.ceil(file.length / pieceSize) }, (_, nth) => file.subarray(nth * pieceSize, (nth + 1) * pieceSize))
  )
const imported = (file: Uint8Array) => importLog(piecesOf(file))

const assertSound = Effect.gen(function*() {
  const verdicts = yield* Stream.runCollect(verifyLog())
  assert.deepStrictEqual(verdicts.flatMap(({ findings }) => findings), [])
})

const ingest = Effect.fnUntraced(function*(tenant: Tenant, items: ReadonlyArray<FastTrackItem>) {
  const { batch } = yield* Ingest
  return yield* batch(tenant, bulkItems(items), { strict: false })
})

const countersOf = Effect.fnUntraced(function*(tenant: Tenant, userIds: ReadonlyArray<string>) {
  const { read, sections } = yield* Counters
  return yield* read(tenant, userIds.map((each) => UserId(each)), { sections, consistency: { _tag: "Strong", waitSeconds: 15 } })
})

const countEvents = Effect.flatMap(databasesOfLog, ({ all }) =>
  Effect.map(
    Effect.forEach(all, ({ sql }) => sql<{ events: number }>`select count(*)::int as events from events`),
    (counts) => counts.flat().reduce((sum, { events }) => sum + events, 0)
  ))

const one = { seed: 11, users: 25, timeZone: "Europe/Malta" }

/**
 * A service with two tenants, their keys and all kinds of events, some with what only other
 * programs would write.
 */
const fill = Effect.fnUntraced(function*(database: Database) {
  const context = yield* service(database)
  const { items, userIds } = generateItems(one)
  const [tenant, key] = yield* Effect.gen(function*() {
    const { create } = yield* Tenants
    const keys = yield* ApiKeys
    const [tenant, other] = [yield* create("brand a", "Europe/Malta"), yield* create("brand \"b\"\n", "UTC")]
    const { key } = yield* keys.create(tenant, "sender", ["ingest", "read"])
    const revoked = yield* keys.create(other, "old", ["admin"])
    yield* keys.revoke(other, revoked.apiKeyId)
    yield* ingest(tenant, items)
    yield* ingest(other, items.slice(0, 100))
    return [tenant, key] as const
  }).pipe(Effect.provide(context))
  return { context, items, key, tenant, userIds }
})

layer(Layer.empty, { excludeTestServices: true })("a log that is moved", (it) => {
  it.effect("goes on as if nothing had happened: same file, same counters, keys and tenants", () =>
    Effect.gen(function*() {
      const { context: source, items, key, tenant, userIds } = yield* fill(yield* TestDatabase.make)
      const file = yield* Effect.provide(exported, source)

      const database = yield* TestDatabase.make
      const report = yield* Effect.scoped(Effect.gen(function*() {
        const context = yield* logOf(database)
        const prepare = Effect.asVoid(Effect.scoped(Layer.build(ProjectionCatalog.layer(catalog))))
        const report = yield* Effect.provide(importLog(piecesOf(file), { prepare }), context)
        assert.isTrue(file.equals(yield* Effect.provide(exported, context)))
        yield* Effect.provide(assertSound, context)
        return report
      }))
      assert.deepStrictEqual(report, { events: yield* Effect.provide(countEvents, source), before: 0, tenants: 2, apiKeys: 2 })

      const target = yield* service(database)
      const principal = yield* Effect.flatMap(ApiKeys, ({ authenticate }) => authenticate(key)).pipe(Effect.provide(target))
      assert.deepStrictEqual([principal.tenant, [...principal.scopes]], [tenant, ["ingest", "read"]])
      const counters = countersOf(tenant, userIds)
      assert.deepStrictEqual(yield* Effect.provide(counters, target), yield* Effect.provide(counters, source))

      const again = yield* Effect.provide(ingest(tenant, items), target)
      assert.deepStrictEqual([again.accepted, again.duplicates, again.rejected], [0, items.length, []])
      const more = generateItems({ ...one, seed: 12, itemsPerUser: 10 })
      const reports = yield* Effect.forEach([source, target], (context) => Effect.provide(ingest(tenant, more.items), context))
      assert.deepStrictEqual(reports[0], reports[1])
      assert.deepStrictEqual(yield* Effect.provide(counters, target), yield* Effect.provide(counters, source))
      yield* Effect.provide(assertSound, target)
    }))

  it.effect("keeps what only other programs would write: microseconds, and payloads with line breaks and numbers of any length", () =>
    Effect.gen(function*() {
      const log = sampleLog(500)
      const file = fileOf(log)
      const context = yield* migrated
      yield* Effect.provide(imported(file), context)
      assert.isTrue(file.equals(yield* Effect.provide(exported, context)))
      const sql = Context.get(context, PgClient.PgClient)
      const { all } = yield* Effect.provide(databasesOfLog, context)
      const rows = (yield* Effect.forEach(all, ({ sql }) =>
        sql<{ payload: string; us: string }>`
          select payload::text as payload, date_part('microseconds', occurred_at)::text as us from events order by slice, position`)).flat()
      assert.deepStrictEqual(rows, log.events.map(({ payload }) => ({ payload, us: "59000001" })))
      const [format] = yield* sql<{ lane_count: number }>`select lane_count from log_format`
      assert.strictEqual(format?.lane_count, 3)
    }))

  it.effect("has every column there is: whoever adds one has to say what becomes of it in a log file", () =>
    Effect.gen(function*() {
      const sql = Context.get(yield* migrated, PgClient.PgClient)
      const rows = yield* sql<{ table: string; columns: ReadonlyArray<string> }>`
        select table_name::text as table, array_agg(column_name::text order by column_name::text) as columns
        from information_schema.columns where table_name in ('events', 'slice_heads', 'log_format', 'tenants', 'api_keys', 'erased_users') group by table_name`
      const { events: [event], prelude: { apiKeys: [apiKey], tenants: [tenant] } } = sampleLog(1)
      assert.deepStrictEqual(Object.fromEntries(rows.map(({ columns, table }) => [table, columns])), {
        events: Object.keys(event ?? {}).sort(),
        slice_heads: ["erasure", "position", "recorded_at", "slice"],
        // The erasures are numbered in the order of their lines, and the heads name the last of
        // their slice.
        erased_users: ["erased_at", "erasure", "pseudonym", "slice", "tag", "tenant_id"],
        log_format: ["lane_count", "only_row", "slice_count"],
        tenants: Object.keys(tenant ?? {}).sort(),
        api_keys: Object.keys(apiKey ?? {}).sort()
      })
    }))

  it.effect("is exported as it was at one moment while events come in, and is found to be sound meanwhile", () =>
    Effect.gen(function*() {
      const { context, tenant } = yield* fill(yield* TestDatabase.make)
      const log = Context.get(context, EventLog)
      const writers = yield* Effect.forEach([1, 2, 3], (writer) =>
        Effect.forever(Effect.suspend(() => {
          const events = Array.from(
            { length: 40 },
            () => newEvent(tenant, bet({ user_id: `live-${writer}`, unique_id: randomBytes(8).toString("hex") }))
          )
          return log.append(events)
        })).pipe(Effect.forkChild))
      const before = (yield* Effect.provide(exported, context)).length
      const [file] = yield* Effect.all([exported, assertSound], { concurrency: 2 }).pipe(Effect.provide(context))
      const reader = new LogFileReader()
      Result.getOrThrow(reader.push(file))
      Result.getOrThrow(reader.end())
      assert.isAbove(file.length, before)
      for (const writer of writers) yield* Fiber.interrupt(writer)
    }))

  it.effect("may be moved by PostgreSQL's own means", () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase.makeOfOne("pg_dump copies one database")
      const { expected, items, tenant, userIds } = yield* Effect.scoped(Effect.gen(function*() {
        const { context, ...source } = yield* fill(database)
        return { ...source, expected: yield* Effect.provide(countersOf(source.tenant, source.userIds), context) }
      }))
      const copy = yield* copyDatabase(database)
      const context = yield* service(copy)
      const sql = Context.get(context, PgClient.PgClient)
      assert.deepStrictEqual(yield* sql`select relname from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace`, [])
      assert.deepStrictEqual(
        yield* sql`
          select attrelid::regclass::text as of, attname::text from pg_attribute
          where atttypid in ('xid'::regtype, 'xid8'::regtype, 'pg_lsn'::regtype, 'oid'::regtype, 'tid'::regtype)
            and attnum > 0 and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)`,
        []
      )
      assert.deepStrictEqual(yield* Effect.provide(countersOf(tenant, userIds), context), expected)
      const again = yield* Effect.provide(
        ingest(tenant, [...items, ...generateItems({ ...one, seed: 13, userPrefix: "new" }).items]),
        context
      )
      assert.isAtLeast(again.duplicates, items.length)
      assert.isAbove(again.accepted, 0)
      yield* Effect.provide(assertSound, context)
    }))
})

const large = sampleLog(3 * sealAfter.events + 500)
const largeFile = fileOf(large)

layer(Layer.empty, { excludeTestServices: true })("an import", (it) => {
  const count = Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const [row] = yield* sql<{ events: number; heads: number }>`
      select (select count(*)::int from events) as events, (select sum(position)::int from slice_heads) as heads`
    return row
  })

  const unfinished = Effect.map(Effect.flatMap(PgClient.PgClient, unfinishedImport), Option.getOrUndefined)

  it.effect("that is stopped anywhere leaves whole parts only, and goes on where it was", () =>
    Effect.gen(function*() {
      const context = yield* migratedOfOne
      yield* Effect.gen(function*() {
        // Stopped in the midst of the file again and again, each time somewhat later, in the end
        // with nothing but its last line missing.
        for (const share of [0.1, 0.4, 0.4, 0.8, 1]) {
          const beginning = largeFile.subarray(0, share < 1 ? Math.floor(largeFile.length * share) : largeFile.lastIndexOf("\n", -2) + 1)
          const good = Result.getOrThrow(new LogFileReader().push(beginning)).at(-1)?.eventsSoFar
          const running = yield* Effect.forkChild(importLog(Stream.concat(Stream.succeed(beginning), Stream.never)))
          yield* untilEffect(Effect.map(unfinished, (mark) => mark?.events === good))
          yield* Fiber.interrupt(running)
          assert.deepStrictEqual(yield* count, { events: good, heads: good })
          assert.match((yield* Effect.flip(exported)).message, /the beginning of an import/)
        }
        const { before, events } = yield* imported(largeFile)
        assert.deepStrictEqual([before, events], [large.events.length, large.events.length])
        assert.isTrue(largeFile.equals(yield* exported))
        yield* assertSound
      }).pipe(Effect.provide(context))
    }))

  it.effect("of a damaged file brings what stands before the damage, is not taken for done, and ends with a good copy", () =>
    Effect.gen(function*() {
      const context = yield* migratedOfOne
      yield* Effect.gen(function*() {
        const lines = linesOf(largeFile)
        const swapped = Buffer.from(`${[...lines.slice(0, 3_000), lines[3_001], lines[3_000], ...lines.slice(3_002)].join("\n")}\n`)
        assert.match((yield* Effect.flip(imported(swapped))).message, /^Line 3001 of the file/)
        assert.deepStrictEqual(yield* count, { events: sealAfter.events, heads: sealAfter.events })
        const cut = largeFile.subarray(0, -1)
        assert.match(
          (yield* Effect.flip(imported(cut))).message,
          /^The file is cut off after line \d+: it has 6500 of 6500 events and no end/
        )
        assert.match((yield* Effect.flip(exported)).message, /the beginning of an import \(6500 events\)/)
        const findings = (yield* Stream.runCollect(verifyLog())).flatMap(({ findings }) => findings)
        assert.deepStrictEqual(findings.map(({ message }) => message), [
          "it is the beginning of an import that was not ended (6500 events)"
        ])
        assert.deepStrictEqual(yield* imported(largeFile), { events: 6500, before: 6500, tenants: 2, apiKeys: 2 })
        yield* assertSound
      }).pipe(Effect.provide(context))
    }))

  it.effect("does not go on with another file", () =>
    Effect.gen(function*() {
      const context = yield* migratedOfOne
      yield* Effect.gen(function*() {
        yield* Effect.flip(imported(largeFile.subarray(0, largeFile.length / 2)))
        const before = yield* count
        const other = { ...large, events: large.events.map((event, index) => index === 7 ? { ...event, payload: "{}" } : event) }
        const fewerLines = { ...large, prelude: { ...large.prelude, apiKeys: [] } }
        for (const file of [other, fewerLines, sampleLog(10), sampleLog(0), sampleLog(5_000)].map(fileOf)) {
          assert.match((yield* Effect.flip(imported(file))).message, /An import of another file was begun/)
        }
        assert.deepStrictEqual(yield* count, before)
        yield* imported(largeFile)
        yield* assertSound
      }).pipe(Effect.provide(context))
    }))

  it.effect("lets nobody else append until it has ended, and the senders try again", () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase.makeOfOne("transferCommands.test.ts has the marks of an import in several")
      const context = yield* service(database)
      const [, tenant] = large.prelude.tenants.map((tenant): Tenant => ({
        tenantId: tenant.tenant_id,
        name: tenant.name,
        timeZone: tenant.time_zone,
        weekStart: tenant.week_start,
        keyNamespace: tenant.key_namespace
      }))
      assert.isDefined(tenant)
      const item: FastTrackItem = {
        event: "realtime-login",
        data: { user_id: "new", unique_id: "1", timestamp: "2026-01-31T12:00:00Z" }
      } as FastTrackItem
      yield* Effect.gen(function*() {
        yield* Effect.flip(imported(largeFile.subarray(0, largeFile.length / 2)))
        assert.strictEqual((yield* Effect.flip(ingest(tenant as Tenant, [item])))._tag, "EventLogUnavailable")
        yield* imported(largeFile)
        assert.strictEqual((yield* ingest(tenant as Tenant, [item])).accepted, 1)
        yield* assertSound
      }).pipe(Effect.provide(context))
    }))

  it.effect("goes into an empty database only", () =>
    Effect.gen(function*() {
      const context = yield* migratedOfOne
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const file = fileOf(sampleLog(10))
        yield* sql`insert into tenants (name, time_zone) values ('demo', 'UTC')`
        assert.match((yield* Effect.flip(imported(file))).message, /has tenants \(demo\) already/)
        yield* sql`delete from tenants`
        yield* imported(file)
        assert.match((yield* Effect.flip(imported(file))).message, /has events already/)
        assert.match((yield* Effect.flip(imported(fileOf(sampleLog(0))))).message, /has events already/)
        assert.isTrue(file.equals(yield* exported))
      }).pipe(Effect.provide(context))
    }))

  it.effect("names the line that the database will not hold, and puts nothing of its part in", () =>
    Effect.gen(function*() {
      const small = sampleLog(20)
      const lines = linesOf(fileOf(small))
      const [event, second] = small.events
      if (event === undefined || second === undefined) return
      for (
        const [bad, message] of [
          [{ ...event, payload: "{" }, /^Line 7 of the file cannot be stored: .*json/],
          [{ ...event, occurred_at: "2026-02-30T00:00:00.000000Z" }, /^Line 7 of the file cannot be stored: .*2026-02-30/]
        ] as const
      ) {
        const context = yield* migratedOfOne
        assert.match(
          (yield* Effect.flip(imported(sealed(lines.with(6, formatStoredEvent(bad)))).pipe(Effect.provide(context)))).message,
          message
        )
        assert.deepStrictEqual(yield* Effect.provide(count, context), { events: 0, heads: 0 })
      }
      const at = small.events.findIndex((other, index) => index > 0 && other.user_id === small.events[index - 1]?.user_id)
      const repeated = { ...small.events[at] ?? event, idempotency_key: small.events[at - 1]?.idempotency_key ?? "" }
      const context = yield* migratedOfOne
      const problem = yield* Effect.flip(imported(sealed(lines.with(6 + at, formatStoredEvent(repeated))))).pipe(Effect.provide(context))
      assert.match(problem.message, new RegExp(`^Line (${6 + at}|${7 + at}) of the file cannot be stored: .*events_idempotency_key`))
      const names = sealed(lines.map((line) => line.replace("tenant 1", "tenant 0")))
      assert.match(
        (yield* Effect.flip(imported(names)).pipe(Effect.provide(yield* migratedOfOne))).message,
        /^A tenant, key or erased user of the file cannot be stored/
      )
    }))

  it.effect("does not go in twice at once", () =>
    Effect.gen(function*() {
      const context = yield* migratedOfOne
      const exits = yield* Effect.all([imported(largeFile), imported(largeFile)].map(Effect.exit), { concurrency: 2 }).pipe(
        Effect.provide(context)
      )
      assert.isBelow(exits.filter(({ _tag }) => _tag === "Success").length, 2)
      yield* Effect.gen(function*() {
        if ((yield* unfinished) !== undefined) yield* imported(largeFile)
        assert.isTrue(largeFile.equals(yield* exported))
        yield* assertSound
      }).pipe(Effect.provide(context))
    }))
})
