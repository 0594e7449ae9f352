import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { unavailablePartition } from "../../../src/partitions/PartitionUnavailable.ts"
import { partitionedDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

const service = testService({ projections: [] }).pipe(Layer.provideMerge(partitionedDatabase(1)))

layer(service, { excludeTestServices: true })("an append to a slice that the database does not serve", (it) => {
  it.effect("stores nothing, of no other slice either, and is repeated once the slice is there", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const tenant = yield* newTenant()
      const events = [3, 4].map((slice) => newEvent(tenant, bet({ user_id: userInSlice(tenant, slice) })))
      const stored = sql<{ events: number }>`select count(*)::int as events from events`
      yield* sql`delete from slice_heads where slice = 4`
      const error = yield* Effect.flip(log.append(events))
      assert.strictEqual(error._tag, "EventLogUnavailable")
      assert.strictEqual(unavailablePartition(error), 0)
      assert.deepStrictEqual(yield* stored, [{ events: 0 }])
      yield* sql`insert into slice_heads (slice) values (4)`
      assert.deepStrictEqual((yield* log.append(events)).map(({ _tag }) => _tag), ["Appended", "Appended"])
    }))
})
