import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { generateItems } from "../../oracle/generateItems.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { testService } from "../../support/service/TestService.ts"
import { logProblems } from "./checkExactness.ts"
import { refusedPrefix } from "./Load.ts"

/**
 * The numbers in generated items are written as digits here and there, which only the wire knows.
 */
const plain = <A>(items: A): A => JSON.parse(JSON.stringify(items, (_, value) => value?.raw === undefined ? value : Number(value.raw))) as A

it.live("what a fault test looks for in the log is found", () =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const tenant = yield* (yield* Tenants).create("t", "UTC")
    const items = plain(generateItems({ seed: 1, users: 3, itemsPerUser: 20 }).items)
    yield* (yield* Ingest).batch(tenant, bulkItems(items), { strict: false })
    const acknowledged = items.filter(({ data }) => data.user_id !== items[0]?.data.user_id)
    const perhaps = items.filter((item) => !acknowledged.includes(item))
    assert.deepStrictEqual(yield* logProblems({ acknowledged: items }), [])
    assert.deepStrictEqual(yield* logProblems({ acknowledged, unanswered: perhaps }), [])
    const found = (pattern: RegExp, sent: Parameters<typeof logProblems>[0] = { acknowledged: items }) =>
      Effect.map(logProblems(sent), (problems) => assert.match(problems.join("\n"), pattern))

    yield* found(/that nobody was told of/, { acknowledged })
    yield* sql`alter table events disable trigger user`
    const damaged = (damage: Effect.Effect<unknown, unknown>, pattern: RegExp) =>
      sql.withTransaction(Effect.andThen(damage, Effect.andThen(found(pattern), Effect.fail("undone" as const)))).pipe(
        Effect.flip,
        Effect.map((error) => assert.strictEqual(error, "undone"))
      )
    const last = sql`(slice, position) = (select slice, max(position) from events group by slice order by slice limit 1)`
    yield* damaged(sql`delete from events where ${last}`, /acknowledged events are not in the log[^]*heads are not/)
    yield* damaged(sql`update events set position = position + 1 where ${last}`, /positions do not follow/)
    yield* damaged(sql`update events set user_id = ${refusedPrefix} || 'x' where ${last}`, /events of refused requests/)
    // Under another key, the same event.
    yield* damaged(
      sql`
        insert into events (slice, position, tenant_id, user_id, event_type, idempotency_key, occurred_at, recorded_at, payload_version, payload)
        select slice, position + 1, tenant_id, user_id, event_type, gen_random_uuid(), occurred_at, recorded_at, payload_version, payload
        from (select * from events where ${last}) as twice`,
      /in the log more than once/
    )
    assert.deepStrictEqual(yield* logProblems({ acknowledged: items }), [])
  }).pipe(Effect.provide(testService().pipe(Layer.provideMerge(TestDatabase.layer)))))
