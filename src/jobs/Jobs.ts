import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { arrayOf } from "../database/arrayOf.ts"
import { mostJobs } from "../database/connections.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { DatabaseUrl } from "../database/DatabaseUrl.ts"
import { Migrations } from "../database/Migrations.ts"
import { LogOutput } from "../platform/LogOutput.ts"
import { inSteadyTime } from "../platform/monotonicClock.ts"
import { known } from "../values/known.ts"
import type { JobOutcome, JobProgress, Work } from "./JobMessage.ts"
import { type JobFailed, runThread } from "./runThread.ts"

/** A job that is asked for. */
export interface NewJob extends Work {
  /** What it is about, such as `casino v2`. Nothing has two jobs at once. */
  readonly subject: string
  /** The users whom the input names, see `userKey`. */
  readonly named?: ReadonlyArray<string>
}

/** A job without what came of it. */
export interface ListedJob extends Work {
  readonly id: number
  readonly subject: string
  /** `Lost` is a job whose process has gone. */
  readonly state: "Running" | "Done" | "Failed" | "Stopped" | "Lost"
  readonly progress: (JobProgress & { readonly perSecond: number }) | undefined
  /** Why it failed, or why there is no outcome any more. */
  readonly problem: string | undefined
  readonly startedAt: Date
  readonly endedAt: Date | undefined
}

/** A job with what came of it. */
export interface Job extends ListedJob {
  readonly outcome: unknown
}

/**
 * The job has not begun.
 *
 * - `Running`: its subject has one that is running.
 * - `TooMany`: the whole service has as many as it may.
 */
export class JobRefused extends Schema.TaggedError<JobRefused>("playtally/jobs/JobRefused")("JobRefused", {
  reason: Schema.Literals(["Running", "TooMany"]),
  message: Schema.String
}) {}

/** The jobs that are kept. */
const kept = 200
/** The characters of an outcome. The largest, of a comparison, has some 200,000. */
const longestOutcome = 1_000_000
const beatEvery = "1 second"
/** After this time without a beat, a job has lost its process. */
const lostAfter = "15 seconds"

/**
 * Long work that somebody starts and looks at later (docs/console.md#jobs).
 *
 * A job runs in a thread of the process that was asked for it. Its row in the home database says
 * how far it is, to every process. It ends with its process. Each method fails with
 * `DatabaseUnavailable` if the home database did not answer.
 */
export class Jobs extends Context.Service<Jobs, {
  /** Starts a job, and gives its number. */
  readonly start: (job: NewJob) => Effect.Effect<number, JobRefused | DatabaseUnavailable>
  /** Has a job stop soon, in whatever process. It may have ended. */
  readonly stop: (id: number) => Effect.Effect<void, DatabaseUnavailable>
  /** A job; undefined if there is none, or none any more. */
  readonly find: (id: number) => Effect.Effect<Job | undefined, DatabaseUnavailable>
  /** The last two hundred jobs, the newest first. */
  readonly list: Effect.Effect<ReadonlyArray<ListedJob>, DatabaseUnavailable>
}>()("playtally/jobs/Jobs") {
  /** `entry` is the module of a job's thread, which calls `serveJob`. */
  static readonly layer = (entry: URL) =>
    Layer.effect(
      Jobs,
      Effect.gen(function*() {
        yield* Migrations
        const sql = yield* PgClient.PgClient
        const { pooler, url } = yield* DatabaseUrl
        const log = yield* LogOutput.current
        const fibers = yield* FiberSet.make()

        const begin = Effect.fnUntraced(function*({ input, kind, named = [], subject }: NewJob) {
          yield* sql`select pg_advisory_xact_lock(hashtext('playtally jobs'))`
          yield* sql`
            update jobs set state = 'lost', ended_at = clock_timestamp()
            where state = 'running' and beat_at < clock_timestamp() - ${lostAfter}::interval`
          const running = yield* sql<{ readonly subject: string }>`select subject from jobs where state = 'running'`
          if (running.some((job) => job.subject === subject)) {
            return yield* new JobRefused({ reason: "Running", message: `A job of ${subject} is running.` })
          }
          if (running.length >= mostJobs) {
            return yield* new JobRefused({
              reason: "TooMany",
              message: `${mostJobs} jobs are running: ${running.map((job) => job.subject).join(", ")}.`
            })
          }
          const [row] = yield* sql<{ readonly id: number }>`
            insert into jobs (job_id, kind, subject, input, named)
            select coalesce(max(job_id), 0) + 1, ${kind}, ${subject}, ${JSON.stringify(input)}::json, ${
            arrayOf.text(named)
          }::text[] from jobs
            returning job_id::float8 as id`
          const { id } = known(row, "job that was begun")
          yield* sql`
            delete from jobs where state <> 'running' and job_id <= (select job_id from jobs order by job_id desc offset ${kept} limit 1)`
          return id
        }, sql.withTransaction)

        /** Notes how far a job is. True if it is to stop, or is not this process's any more. */
        const beat = (id: number, progress: ListedJob["progress"]) =>
          Effect.map(
            sql<{ readonly is_to_stop: boolean }>`
              update jobs set beat_at = clock_timestamp(), progress = ${progress === undefined ? null : JSON.stringify(progress)}::json
              where job_id = ${id} and state = 'running' returning is_to_stop`,
            ([row]) => row === undefined || row.is_to_stop
          )

        const end = (id: number, { named, outcome, problem, state }: Ending) => {
          const text = outcome === undefined ? undefined : JSON.stringify(outcome)
          const isTooLong = text !== undefined && text.length > longestOutcome
          const saved = isTooLong ? undefined : text
          return sql`
            update jobs set state = ${isTooLong ? "failed" : state}, ended_at = clock_timestamp(), named = named || ${
            arrayOf.text(named)
          }::text[],
              outcome = case when erased && (named || ${arrayOf.text(named)}::text[]) then null else ${saved ?? null}::json end,
              problem = case when erased && (named || ${arrayOf.text(named)}::text[])
                then 'The outcome named a user who was erased meanwhile.'
                else ${isTooLong ? "What came of it is too long to be kept." : problem?.slice(0, 4000) ?? null} end
            where job_id = ${id} and state = 'running'`
        }

        const run = (id: number, work: Work) =>
          Effect.suspend(() => {
            const began = Date.now()
            let first: JobProgress | undefined
            let last: ListedJob["progress"]
            const onProgress = (progress: JobProgress) => {
              if (first === undefined || first.phase !== progress.phase) first = progress
              last = { ...progress, perSecond: Math.max(0, progress.done - first.done) / Math.max(1, Date.now() - began) * 1000 }
            }
            const isOver = Effect.orElseSucceed(Effect.suspend(() => beat(id, last)), () => false)
            const beats = Effect.as(
              Effect.repeat(isOver, { schedule: Schedule.spaced(beatEvery), until: (isOver) => isOver }),
              "Stopped" as const
            )
            const done = runThread(entry, { work, databaseUrl: Redacted.value(url), pooler, log }, onProgress)
            return Effect.raceFirst(done, beats).pipe(
              Effect.onExit((exit) =>
                Effect.andThen(Effect.suspend(() => beat(id, last)), end(id, endingOf(exit))).pipe(
                  Effect.timeout("3 seconds"),
                  Effect.catch((error) =>
                    Effect.logWarning("The end of a job could not be noted", error).pipe(Effect.annotateLogs({ job: id }))
                  )
                )
              )
            )
          }).pipe(inSteadyTime, Effect.ignore)

        const start = Effect.fn("Jobs.start")(
          function*(job: NewJob) {
            const id = yield* begin(job)
            yield* FiberSet.run(fibers, run(id, { kind: job.kind, input: job.input }))
            return id
          },
          unavailable("Jobs.start")
        )

        const columns = sql.literal(`
          job_id::float8 as id, kind, subject, input, progress, problem, started_at, ended_at,
          case when state = 'running' and beat_at < clock_timestamp() - '${lostAfter}'::interval then 'lost' else state end as state`)
        const find = Effect.fn("Jobs.find")(function*(id: number) {
          const [row] = yield* sql<Row & { readonly outcome: unknown }>`select ${columns}, outcome from jobs where job_id = ${id}`
          return row === undefined ? undefined : { ...jobOf(row), outcome: row.outcome }
        }, unavailable("Jobs.find"))

        return Jobs.of({
          start,
          stop: Effect.fn("Jobs.stop")(
            (id) => sql`update jobs set is_to_stop = true where job_id = ${id} and state = 'running'`,
            Effect.asVoid,
            unavailable("Jobs.stop")
          ),
          find,
          list: sql<Row>`select ${columns} from jobs order by job_id desc limit ${kept}`.pipe(
            Effect.map((rows) => rows.map(jobOf)),
            unavailable("Jobs.list"),
            Effect.withSpan("Jobs.list")
          )
        })
      })
    )
}

interface Ending {
  readonly state: "done" | "failed" | "stopped"
  readonly outcome?: unknown
  readonly named: ReadonlyArray<string>
  readonly problem?: string
}

const endingOf = (exit: Exit.Exit<JobOutcome | "Stopped", JobFailed>): Ending => {
  if (Exit.isSuccess(exit)) return exit.value === "Stopped" ? { state: "stopped", named: [] } : { state: "done", ...exit.value }
  const failure = Exit.findErrorOption(exit)
  return failure._tag === "Some"
    ? { state: "failed", named: [], problem: failure.value.message }
    : { state: "stopped", named: [], problem: "The process that did it has stopped." }
}

interface Row {
  readonly id: number
  readonly kind: string
  readonly subject: string
  readonly input: unknown
  readonly state: "running" | "done" | "failed" | "stopped" | "lost"
  readonly progress: ListedJob["progress"] | null
  readonly problem: string | null
  readonly started_at: Date
  readonly ended_at: Date | null
}

const states = { running: "Running", done: "Done", failed: "Failed", stopped: "Stopped", lost: "Lost" } as const

const jobOf = ({ ended_at, id, input, kind, problem, progress, started_at, state, subject }: Row): ListedJob => ({
  id,
  kind,
  subject,
  input,
  state: states[state],
  progress: progress ?? undefined,
  problem: problem ?? undefined,
  startedAt: started_at,
  endedAt: ended_at ?? undefined
})
