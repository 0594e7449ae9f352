import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { migrate } from "../../src/database/Migrations.ts"
import { sliceOf } from "../../src/event-log/sliceOf.ts"
import type { StoredEvent } from "../../src/event-log/StoredEvent.ts"
import { exportLog } from "../../src/transfer/exportLog.ts"
import { importLog } from "../../src/transfer/importLog.ts"
import { verifyLog } from "../../src/transfer/verifyLog.ts"
import { Position } from "../../src/values/Position.ts"
import { Slice } from "../../src/values/Slice.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"
import { copyDatabase } from "../support/database/copyDatabase.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { fileOf, preludeOf, sampleLog } from "../support/events/sampleLog.ts"
import { testClients } from "../support/service/TestService.ts"

const [tenant = TenantId(""), other = TenantId("")] = sampleLog(1).prelude.tenants.map(({ tenant_id }) => tenant_id)
const userOf = (slice: number, nth = 0, of = tenant): string => {
  for (let number = 0;; number++) {
    if (sliceOf(of, UserId(`user-${number}`)) === slice && nth-- === 0) return `user-${number}`
  }
}
const keyOf = (slice: number, index: number) => `00000000-0000-5000-8000-${String(slice * 100 + index).padStart(12, "0")}`
const again = (position: number, from: number) => (slice: number) =>
  `insert into events select ${position}, occurred_at, recorded_at, tenant_id, gen_random_uuid(), slice, 1, event_type, user_id, payload
    from events where slice = ${slice} and position = ${from}`

interface Damage {
  /** What somebody with the owner's rights does to a slice, or to the whole. */
  readonly what: string
  readonly by: ReadonlyArray<(slice: number) => string>
  /** All that has to be found then. */
  readonly found: (slice: number) => ReadonlyArray<string>
}

/** One a slice; each slice has twelve events, each of a user of its own. */
const damages: ReadonlyArray<Damage> = [
  { what: "none", by: [], found: () => [] },
  {
    what: "an event taken out",
    by: [(slice) => `delete from events where slice = ${slice} and position = 5`],
    found: (slice) => [`${slice}: position 5 is missing`]
  },
  {
    what: "the first events taken out",
    by: [(slice) => `delete from events where slice = ${slice} and position < 4`],
    found: (slice) => [`${slice}: positions 1 to 3 are missing`]
  },
  {
    what: "the last event taken out",
    by: [(slice) => `delete from events where slice = ${slice} and position = 12`],
    found: (slice) => [`${slice}: the head is at 12, the last event at 11`]
  },
  {
    what: "all events taken out",
    by: [(slice) => `delete from events where slice = ${slice}`],
    found: (slice) => [`${slice}: the head is at 12, the last event at 0`]
  },
  {
    what: "more holes than are named",
    by: [(slice) => `delete from events where slice = ${slice} and position % 2 = 1`],
    found: (slice) => [
      ...[1, 3, 5, 7, 9].map((position) => `${slice}: position ${position} is missing`),
      `${slice}: there are 6 breaks in the positions in all`
    ]
  },
  { what: "an event beyond the head", by: [again(13, 12)], found: (slice) => [`${slice}: the head is at 12, the last event at 13`] },
  { what: "a position zero", by: [again(0, 1)], found: (slice) => [`${slice}: there is a position 0`] },
  {
    what: "a position used twice",
    by: [() => "alter table events drop constraint events_position", again(4, 4)],
    found: (slice) => [
      "log: the database does not refuse to use a position twice: the key (slice, position) is missing",
      `${slice}: position 4 is there more than once`
    ]
  },
  {
    what: "a head moved on",
    by: [(slice) => `update slice_heads set position = 13 where slice = ${slice}`],
    found: (slice) => [`${slice}: the head is at 13, the last event at 12`]
  },
  {
    what: "a head's time moved",
    by: [(slice) => `update slice_heads set recorded_at = recorded_at + interval '1 microsecond' where slice = ${slice}`],
    found: (slice) => [`${slice}: the head's recorded_at is not that of the last event, 12`]
  },
  {
    what: "times that go backward",
    by: [(slice) => `update events set recorded_at = recorded_at - interval '1001 ms' where slice = ${slice} and position in (3, 9)`],
    found: (slice) => [3, 9].map((position) => `${slice}: the event at ${position} was recorded before its predecessor`)
  },
  {
    what: "a key used twice",
    by: [
      () => "alter table events drop constraint events_idempotency_key",
      (slice) =>
        `update events set user_id = '${userOf(slice)}', idempotency_key = '${keyOf(slice, 0)}' where slice = ${slice} and position = 12`
    ],
    found: (slice) => [
      "log: the database does not refuse to use a key twice: the key (tenant_id, user_id, idempotency_key) is missing",
      `${slice}: user "${userOf(slice)}" of tenant ${tenant} has used an idempotency key again: 2 events, 1 keys`
    ]
  },
  {
    what: "a user of another slice",
    by: [(slice) => `update events set user_id = '${userOf(255)}' where slice = ${slice} and position = 6`],
    found: (slice) => [`${slice}: user "${userOf(255)}" of tenant ${tenant} belongs into slice 255, but has events here: 1, the first at 6`]
  },
  {
    what: "a tenant taken away, and users of it",
    by: [
      () => `delete from tenants where tenant_id = '${other}'`,
      ...Array.from(
        { length: 7 },
        (_, nth) => (slice: number) =>
          `update events set tenant_id = '${other}', user_id = '${userOf(slice, nth, other)}' where slice = ${slice} and position = ${
            nth + 1
          }`
      )
    ],
    found: (slice) => {
      const users = Array.from({ length: 7 }, (_, nth) => ({ user: userOf(slice, nth, other), position: Position(nth + 1) }))
      return [
        ...users.sort((a, b) => a.user < b.user ? -1 : 1).slice(0, 5).map(({ position, user }) =>
          `${slice}: user "${user}" of tenant ${other} has events from ${position} on, but there is no such tenant`
        ),
        `${slice}: and so for 2 more users`
      ]
    }
  },
  {
    what: "payloads that cannot be read",
    by: [
      (slice) => `update events set payload_version = 2 where slice = ${slice} and position > 4`,
      (slice) => `update events set event_type = 'realtime-bingo' where slice = ${slice} and position = 1`
    ],
    found: (slice) => [
      `${slice}: there are events "realtime-bingo" with payload version 1, which this release cannot read`,
      `${slice}: there are events "realtime-login" with payload version 2, which this release cannot read`
    ]
  },
  {
    what: "payloads of which no reader can make an event",
    by: [
      (slice) => `update events set payload = '[1]' where slice = ${slice} and position = 3`,
      (slice) => `update events set payload = ('{"x":"' || repeat('ab', 17000000) || '"}')::json where slice = ${slice} and position = 7`
    ],
    found: (slice) => [
      `${slice}: the event at 3 cannot be read: its payload is no JSON object`,
      `${slice}: the event at 7 cannot be read: its payload has 34000008 bytes, and a reader takes 33554432 at most`
    ]
  },
  {
    what: "an event in a slice that does not exist",
    by: [(slice) => `update events set slice = -1 where slice = ${slice} and position = 12`],
    found: (slice) => ["log: events or heads of slices that do not exist: 1", `${slice}: the head is at 12, the last event at 11`]
  },
  { what: "a head taken away", by: [() => "delete from slice_heads where slice = 200"], found: () => ["log: slices without a head: 1"] },
  {
    what: "another number of slices",
    by: [() => "update log_format set slice_count = 128"],
    found: () => ["log: the database was made for 128 slices, this release has 256"]
  },
  {
    what: "the trigger disabled",
    by: [() => "alter table events disable trigger events_are_append_only"],
    found: () => ["log: the database does not refuse to change events: the trigger is missing or disabled"]
  },
  {
    what: "a projection ahead of the log, as after a restore of the log alone",
    by: [
      (slice) =>
        `insert into checkpoints (slice, projection, version, position) values (${slice}, 'casino', 3, 13), (${slice}, 'sports', 1, 12)`
    ],
    found: () => ["log: projection casino 3 has come further than the log"]
  }
]

const events = damages.flatMap((_, slice) =>
  Array.from({ length: 12 }, (_, index): StoredEvent => ({
    slice: Slice(slice),
    position: Position(index + 1),
    recorded_at: `2026-01-31T12:00:${String(10 + index)}.000000Z`,
    occurred_at: "2026-01-31T12:00:00.000000Z",
    tenant_id: tenant,
    user_id: UserId(userOf(slice, index)),
    event_type: "realtime-login",
    idempotency_key: keyOf(slice, index),
    payload_version: 1,
    payload: "{}"
  }))
)
const file = fileOf({ prelude: preludeOf(events), events })

const clients = (database: TestDatabase["Service"]) => Effect.provideService(Layer.build(Layer.fresh(testClients)), TestDatabase, database)

const findingsIn = (context: Context.Context<PgClient.PgClient>) =>
  Effect.map(
    Stream.runCollect(verifyLog()).pipe(Effect.provide(context)),
    (verdicts) => ({
      events: verdicts.reduce((sum, { events }) => sum + events, 0),
      findings: verdicts.flatMap(({ findings }) => findings.map(({ message, slice }) => `${slice ?? "log"}: ${message}`))
    })
  )

/** As a restore or a replica does it: no trigger fires. */
const damage = (sql: PgClient.PgClient, statements: ReadonlyArray<string>) =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`set local session_replication_role = replica`
    for (const statement of statements) yield* sql.unsafe(statement).unprepared
  }))

const original = Layer.effect(
  TestDatabase,
  Effect.gen(function*() {
    const database = yield* TestDatabase.make
    yield* Effect.scoped(Effect.gen(function*() {
      const context = yield* clients(database)
      yield* Effect.andThen(migrate, importLog(Stream.succeed(file))).pipe(Effect.provide(context))
      assert.deepStrictEqual(yield* findingsIn(context), { events: events.length, findings: [] })
    }))
    return database
  })
)

layer(original, { excludeTestServices: true })("a log that somebody has damaged", (it) => {
  it.effect("has just that found which was done to it", () =>
    Effect.gen(function*() {
      const context = yield* clients(yield* copyDatabase(yield* TestDatabase))
      const sql = Context.get(context, PgClient.PgClient)
      yield* damage(sql, damages.flatMap(({ by }, slice) => by.map((statement) => statement(slice))))
      const { findings } = yield* findingsIn(context)
      const expected = damages.flatMap(({ found }, slice) => found(slice))
      assert.deepStrictEqual(findings.toSorted(), expected.sort())
    }))

  it.effect("makes no export", () =>
    Effect.gen(function*() {
      for (
        const [statement, message] of [
          ["delete from events where slice = 7 and position = 5", /event 7\/6 stands where 7\/5 must be/],
          ["delete from events where slice = 7 and position > 5", /event 8\/1 stands where 7\/6 must be/],
          [`delete from events where slice = ${damages.length - 1}`, /12 of \d+ events are missing/],
          ["update events set user_id = 'nobody' where slice = 7 and position = 6", /event 7\/6 is of a user who belongs into slice/],
          ["update slice_heads set recorded_at = 'epoch' where slice = 7", /event 7\/12 is its slice's last, but/]
        ] as const
      ) {
        const context = yield* clients(yield* copyDatabase(yield* TestDatabase))
        const sql = Context.get(context, PgClient.PgClient)
        yield* damage(sql, [statement])
        const error = yield* Effect.flip(Stream.runDrain(exportLog())).pipe(Effect.provide(context))
        assert.match(error.message, message)
      }
    }))
})
