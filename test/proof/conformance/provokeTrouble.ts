import { PgClient } from "@effect/sql-pg"
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"
import type { DatabaseProxy } from "../../support/database/DatabaseProxy.ts"
import { untilEffect } from "../../support/time/until.ts"
import { operationOf, plainRequest, type Subject } from "./Subject.ts"

/**
 * Asks all operations that describe a problem, of a user alone and strongly, where it is the
 * answer.
 */
const expectProblem = (subject: Subject, problem: string, wait: number) =>
  Effect.promise(async () => {
    const { description: { operations }, judge, known: { userIds } } = subject
    for (const operation of operations) {
      const isStrong = operation.parameters.some(({ name }) => name === "prefer") && operation.id !== "sendEvents"
      if (!isStrong || [...operation.answers.values()].every(({ problems }) => !problems.includes(problem))) continue
      const { target } = plainRequest(subject, operation, { consistency: "strong" })
      const answer = await judge.ask(operation, {
        target,
        headers: { prefer: `wait=${wait}` },
        ...operation.body === undefined ? {} : { body: JSON.stringify({ user_ids: userIds.slice(0, 1) }) }
      })
      if (answer.problem !== problem) {
        judge.report(operation, target, `is answered ${answer.status} ${answer.problem} instead of ${problem}`)
      }
    }
  })

/** The first user as if a projection had stopped at one of their events. */
const parked = Effect.fnUntraced(function*(subject: Subject, tenantId: string) {
  const sql = yield* PgClient.PgClient
  yield* sql`
    insert into parked_users (projection, version, tenant_id, user_id, slice, position, error)
    select projection, active_version, ${tenantId}::uuid, ${subject.known.userIds[0] ?? ""}, 0, 1, 'test' from projections`
  yield* expectProblem(subject, "projection-parked", 30)
  yield* sql`delete from parked_users`
})

/** Every projection as if it were still to be rebuilt for the first time. */
const notBuilt = Effect.fnUntraced(function*(subject: Subject) {
  const sql = yield* PgClient.PgClient
  yield* sql`create table built as select * from projections`
  yield* sql`delete from projections`
  yield* expectProblem(subject, "projection-not-built", 0)
  yield* sql`insert into projections select * from built`
  yield* sql`drop table built`
})

/** An event that no projection gets to. */
const behind = Effect.fnUntraced(function*(subject: Subject) {
  const sql = yield* PgClient.PgClient
  const held = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void>()
  const holding = yield* Effect.forkChild(sql.withTransaction(
    Effect.andThen(sql`select from checkpoints for update`, Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(end)))
  ))
  yield* Effect.raceFirst(Deferred.await(held), Fiber.join(holding))
  const bulk = operationOf(subject, "sendEvents")
  const login = {
    event: "realtime-login",
    data: { user_id: subject.known.userIds[0], timestamp: "2026-03-01T12:00:00Z", unique_id: "conformance-behind" }
  }
  yield* Effect.promise(() => subject.judge.ask(bulk, { target: bulk.path, body: JSON.stringify([login]) }))
  yield* expectProblem(subject, "projection-behind", 0)
  yield* Deferred.succeed(end, undefined)
  yield* Fiber.join(holding)
})

/** An erasure of which somebody holds the next step. */
const erasing = Effect.fnUntraced(function*(subject: Subject, tenantId: string) {
  const sql = yield* PgClient.PgClient
  const user = "somebody-who-has-played-for-years"
  yield* sql`
    insert into unfinished_erasures (tenant_id, user_id, slice, again) values (${tenantId}::uuid, ${user}, ${
    sliceOf(TenantId(tenantId), UserId(user))
  }, true)`
  const held = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void>()
  const holding = yield* Effect.forkChild(sql.withTransaction(
    Effect.andThen(sql`select from unfinished_erasures for update`, Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(end)))
  ))
  yield* Effect.raceFirst(Deferred.await(held), Fiber.join(holding))
  const erase = operationOf(subject, "eraseUser")
  const ask = Effect.promise(() => subject.judge.ask(erase, plainRequest(subject, erase, { user_id: user })))
  assert.strictEqual((yield* ask).status, 202)
  yield* Deferred.succeed(end, undefined)
  yield* Fiber.join(holding)
  assert.strictEqual((yield* ask).status, 204)
})

/** A database that cannot be reached. */
const away = Effect.fnUntraced(function*(subject: Subject, { cut, restore }: DatabaseProxy) {
  yield* cut
  yield* Effect.promise(async () => {
    for (const operation of subject.description.operations) {
      // Appending and erasing are tried again for seconds; an unknown key is not.
      const headers: Record<string, string> = ["sendEvents", "eraseUser"].includes(operation.id) ? { "x-api-key": "never seen" } : {}
      await subject.judge.ask(operation, { ...plainRequest(subject, operation), headers })
    }
  })
  // It looks now and then.
  const ready = operationOf(subject, "getReadiness")
  yield* untilEffect(
    Effect.map(Effect.promise(() => subject.judge.ask(ready, { target: ready.path })), ({ problem }) => problem === "not-ready")
  )
  yield* restore
})

/**
 * Has the service answer what it answers where something is wrong with the projections or the
 * database.
 */
export const provokeTrouble = Effect.fnUntraced(function*(subject: Subject, tenantId: string, proxy: DatabaseProxy) {
  yield* parked(subject, tenantId)
  yield* notBuilt(subject)
  yield* behind(subject)
  yield* erasing(subject, tenantId)
  yield* away(subject, proxy)
})
