import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Migrations } from "../../src/database/Migrations.ts"
import { forgetUser } from "../../src/jobs/forgetUser.ts"
import { type Job, Jobs } from "../../src/jobs/Jobs.ts"
import { userKey } from "../../src/jobs/userKey.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { testClients } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

const entry = new URL("./scriptedJob.ts", import.meta.url)
const database = Layer.provideMerge(Migrations.layer, Layer.provideMerge(testClients, TestDatabase.layer))

/** The jobs of one more process, until its scope closes. */
const process = Effect.map(Layer.build(Layer.fresh(Jobs.layer(entry))), (services) => Context.get(services, Jobs))

/** Waits until a job is as it is wanted. */
const seen = Effect.fnUntraced(function*({ find }: Jobs["Service"], id: number, is: (job: Job) => boolean) {
  let job: Job | undefined
  yield* untilEffect(Effect.map(find(id), (found) => {
    job = found
    return found !== undefined && is(found)
  }))
  return job ?? assert.fail()
})

const hasEnded = ({ state }: Job) => state !== "Running"
const hasProgress = ({ progress }: Job) => progress !== undefined

layer(database, { excludeTestServices: true })("the jobs of a service", (it) => {
  it.effect("are seen by every process, with what came of them", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* process, yield* process]
      const { state, outcome, problem, progress } = yield* seen(
        other,
        yield* one.start({ kind: "answers", subject: "a v1", input: { to: "everything" } }),
        hasEnded
      )
      assert.deepStrictEqual([state, outcome, problem], ["Done", { answer: { to: "everything" } }, undefined])
      assert.deepInclude(progress, { phase: "Counting", unit: "sheep", done: 3, total: 10, heldBack: 0.5 })
      const failed = yield* seen(other, yield* one.start({ kind: "fails", subject: "a v1", input: {} }), hasEnded)
      assert.deepStrictEqual([failed.state, failed.outcome, failed.problem], ["Failed", null, "there is no wool"])
      const dead = yield* seen(other, yield* one.start({ kind: "dies", subject: "a v1", input: {} }), hasEnded)
      assert.deepStrictEqual([dead.state, dead.problem], ["Failed", "The thread of the job has ended with code 3."])
      assert.deepStrictEqual((yield* other.list).map(({ kind }) => kind), ["dies", "fails", "answers"])
    }).pipe(Effect.scoped))

  it.effect("are one of a subject and three in all, and are stopped from any process", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* process, yield* process]
      const start = (jobs: Jobs["Service"], subject: string) => jobs.start({ kind: "waits", subject, input: {} })
      const ids = [yield* start(one, "a v1"), yield* start(other, "b v1"), yield* start(one, "c v1")]
      assert.strictEqual((yield* Effect.flip(start(other, "a v1")))._tag, "JobRefused")
      assert.deepInclude(yield* Effect.flip(start(other, "a v1")), { reason: "Running" })
      assert.deepInclude(yield* Effect.flip(start(other, "d v1")), { reason: "TooMany" })
      for (const id of ids) yield* other.stop(id)
      for (const id of ids) assert.strictEqual((yield* seen(one, id, hasEnded)).state, "Stopped")
      yield* other.stop(yield* start(other, "a v1"))
    }).pipe(Effect.scoped))

  it.effect("end with their process, and count as lost if it could not say so", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const survivor = yield* process
      const scope = yield* Scope.make()
      const ending = yield* Scope.provide(process, scope)
      const id = yield* ending.start({ kind: "waits", subject: "ended", input: {} })
      yield* seen(survivor, id, hasProgress)
      yield* Scope.close(scope, Exit.void)
      const { problem, state } = (yield* survivor.find(id)) ?? assert.fail()
      assert.deepStrictEqual([state, problem], ["Stopped", "The process that did it has stopped."])

      // A row that nobody beats for.
      const [row] = yield* sql<{ readonly id: number }>`
        insert into jobs (job_id, kind, subject, input, beat_at) values (1001, 'waits', 'lost', '{}', now() - interval '16 seconds') returning job_id::float8 as id`
      assert.strictEqual((yield* survivor.find(row?.id ?? 0))?.state, "Lost")
      const again = yield* survivor.start({ kind: "answers", subject: "lost", input: 1 })
      assert.strictEqual((yield* seen(survivor, again, hasEnded)).state, "Done")
    }).pipe(Effect.scoped))

  it.effect("forget a user who is erased, also while they run", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const jobs = yield* process
      const user = (id: string) => ({ tenantId: TenantId("6f1c1b0e-0000-4000-8000-000000000001"), userId: UserId(id) })
      const erased = userKey(user("erased"))
      const before = yield* jobs.start({ kind: "names", subject: "before", input: erased })
      const other = yield* jobs.start({ kind: "names", subject: "other", input: userKey(user("other")) })
      for (const id of [before, other]) yield* seen(jobs, id, hasEnded)
      const [meanwhile] = yield* sql<{ readonly id: number }>`
        insert into jobs (job_id, kind, subject, input) values (2001, 'waits', 'meanwhile', '{}') returning job_id::float8 as id`
      yield* forgetUser(sql, user("erased"))
      const outcomes = Effect.forEach([before, other], (id) => Effect.map(jobs.find(id), (job) => [job?.outcome, job?.problem]))
      assert.deepStrictEqual(yield* outcomes, [
        [null, "The outcome named a user who was erased since."],
        [{ names: "somebody" }, undefined]
      ])
      const [{ erased: told } = assert.fail()] = yield* sql<{ readonly erased: ReadonlyArray<string> }>`
        select erased from jobs where job_id = ${meanwhile?.id ?? 0}`
      assert.deepStrictEqual(told, [erased])
      yield* sql`update jobs set state = 'stopped' where job_id = ${meanwhile?.id ?? 0}`

      // One that runs meanwhile, and names the user at its end.
      yield* sql`create function tell() returns trigger language plpgsql as $$ begin new.erased := array[${
        sql.literal(`'${erased}'`)
      }]; return new; end $$`
      yield* sql`create trigger tell before insert on jobs for each row execute function tell()`
      const running = yield* seen(jobs, yield* jobs.start({ kind: "names", subject: "running", input: erased }), hasEnded)
      assert.deepStrictEqual([running.state, running.outcome, running.problem], [
        "Done",
        null,
        "The outcome named a user who was erased meanwhile."
      ])
    }).pipe(Effect.scoped))
})
