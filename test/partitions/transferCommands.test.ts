import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Counters } from "../../src/counters/Counters.ts"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { ApiKeys } from "../../src/tenants/ApiKeys.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { UserId } from "../../src/values/UserId.ts"
import { runCommand, testSettings } from "../cli/runCommand.ts"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { generateItems } from "../oracle/generateItems.ts"
import { inEveryDatabase } from "../support/database/everyDatabase.ts"
import { partitionedDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

const run = (...args: ReadonlyArray<string>) => Effect.flatMap(testSettings, (settings) => runCommand(args, settings))

const succeed = (...args: ReadonlyArray<string>) =>
  Effect.tap(run(...args), ({ code, stderr, stdout }) => Effect.sync(() => assert.strictEqual(code, 0, stderr + stdout)))

const { items, userIds } = generateItems({ seed: 5, users: 16, itemsPerUser: 12, timeZone: "Europe/Malta" })
/** Three of them are erased before the log is exported. */
const [gone, kept] = [userIds.slice(0, 3), userIds.slice(3)]

const service = Layer.fresh(testService())

const ingest = (some: ReadonlyArray<FastTrackItem>) =>
  Effect.gen(function*() {
    return yield* (yield* Ingest).batch(yield* (yield* Tenants).get("brand"), bulkItems(some), { strict: false })
  })

const counters = Effect.gen(function*() {
  const { read, sections } = yield* Counters
  return yield* read(yield* (yield* Tenants).get("brand"), kept.map((each) => UserId(each)), {
    sections,
    consistency: { _tag: "Strong", waitSeconds: 15 }
  })
})

/** What the database says of its own part, and what is said of all. */
const assertSound = Effect.map(succeed("events", "verify"), ({ stdout }) => assert.match(stdout, /: the log is sound\.\n$/))

const exported = Effect.map(succeed("events", "export", "-"), ({ stdout }) => Buffer.from(stdout))

const imported = (file: Uint8Array) =>
  Effect.flatMap(testSettings, (settings) => runCommand(["events", "import", "-"], settings, () => {}, Stream.succeed(file)))

/** A log of three partitions: its file, the counters, and a key. */
const source = Effect.gen(function*() {
  const key = yield* Effect.gen(function*() {
    const tenant = yield* (yield* Tenants).create("brand", "Europe/Malta")
    yield* (yield* Tenants).create("another", "UTC")
    const { key } = yield* (yield* ApiKeys).create(tenant, "sender", ["ingest"])
    yield* ingest(items)
    for (const userId of gone) yield* (yield* UserErasure).erase(tenant, UserId(userId))
    return { key, documents: yield* counters }
  }).pipe(Effect.provide(service), Effect.scoped)
  yield* assertSound
  const events = yield* inEveryDatabase((sql) => sql<{ events: number }>`select count(*)::int as events from events`)
  assert.isTrue(events.length === 3 && events.every(({ events }) => events > 0), "every partition has users")
  return { ...key, file: yield* exported }
}).pipe(Effect.provide(partitionedDatabase(3)))

layer(NodeServices.layer, { excludeTestServices: true })("the log file of three partitions", (it) => {
  it.effect("goes into one, two and five: the file, the counters and the keys are the same there", () =>
    Effect.gen(function*() {
      const { documents, file, key } = yield* source
      for (const count of [1, 2, 5]) {
        yield* Effect.gen(function*() {
          yield* succeed("migrate")
          const { code, stderr } = yield* imported(file)
          assert.strictEqual(code, 0, stderr)
          assert.isTrue(file.equals(yield* exported), `the file of ${count} partitions`)
          yield* assertSound
          yield* Effect.gen(function*() {
            assert.deepStrictEqual(yield* counters, documents)
            const { tenant } = yield* (yield* ApiKeys).authenticate(key)
            assert.strictEqual(tenant.name, "brand")
            const again = yield* ingest(items)
            assert.deepStrictEqual([again.accepted, again.duplicates], [0, items.length])
          }).pipe(Effect.provide(service), Effect.scoped)
          yield* assertSound
        }).pipe(Effect.provide(partitionedDatabase(count)))
      }
    }), 60_000)

  it.effect(
    "that was imported in part lets nothing else in, in any partition, until the same file has ended it",
    () =>
      Effect.gen(function*() {
        const { documents, file } = yield* source
        yield* Effect.gen(function*() {
          yield* succeed("migrate")
          // The events of the last slices are missing.
          const part = file.subarray(0, Math.floor(file.length * 0.7))
          const settings = yield* testSettings
          const importing = yield* Effect.forkChild(
            runCommand(["events", "import", "-"], settings, () => {}, Stream.concat(Stream.succeed(part), Stream.never))
          )
          const marks = inEveryDatabase((sql) => sql`select from pg_class where relname = 'log_import'`)
          yield* untilEffect(Effect.map(marks, (found) => found.length === 2))
          yield* Fiber.interrupt(importing)
          assert.strictEqual((yield* marks).length, 2)
          for (const command of ["export", "verify"]) {
            const { code, stderr, stdout } = yield* run("events", command, ...command === "export" ? ["-"] : [])
            assert.strictEqual(code, 1)
            assert.match(stdout + stderr, /the beginning of an import/)
          }
          yield* Effect.gen(function*() {
            const all = generateItems({ seed: 6, users: 6, itemsPerUser: 3, userPrefix: "new-" })
            for (const userId of all.userIds) {
              const own = all.items.filter(({ data }) => data.user_id === userId)
              assert.strictEqual((yield* Effect.flip(ingest(own)))._tag, "EventLogUnavailable")
            }
          }).pipe(Effect.provide(service), Effect.scoped)

          const { code, stderr } = yield* imported(file)
          assert.strictEqual(code, 0, stderr)
          assert.isTrue(file.equals(yield* exported))
          yield* Effect.provide(Effect.map(counters, (own) => assert.deepStrictEqual(own, documents)), service).pipe(Effect.scoped)
          yield* assertSound
        }).pipe(Effect.provide(partitionedDatabase(2)))
      }),
    60_000
  )
})
