import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"
import type { BenchServer } from "./BenchServer.ts"
import { closedLoop, type Sent } from "./closedLoop.ts"
import { clockOf, copyBaseline } from "./copyBaseline.ts"
import { postRequest } from "./HttpConnection.ts"
import type { Profile } from "./Profile.ts"
import { caughtUp, type Which } from "./projectionLag.ts"
import { type Runtime, type ServiceUnderTest, startService } from "./ServiceUnderTest.ts"
import { bodiesOf, traffic } from "./traffic.ts"

/** What one measurement of sending is like. */
export interface Load {
  /** Items a request. */
  readonly items: number
  readonly connections: number
  /** Players that the items are of; 5,000 unless given. */
  readonly users?: number
  /** How many times as long as the profile says; 1 unless given. */
  readonly longer?: number
}

/** Requests made beforehand, so that making them costs nothing while something is measured. */
export type Requests = ReadonlyArray<Uint8Array>

/** A service on a database of its own, and what is done with it to measure it. */
export interface Rig {
  readonly runtime: Runtime
  readonly service: ServiceUnderTest
  /** A session on its database. */
  readonly sql: PgConnection.PgConnection
  readonly databaseUrl: string
  /** Requests of new items, as many as one measurement can use. */
  readonly prepare: (load: Load) => Requests
  /** Sends until the requests or the time are used up. */
  readonly send: (requests: Requests, load: Load, times?: number) => Effect.Effect<Sent>
  /** The server's time, for `copy`. */
  readonly clock: Effect.Effect<string, SqlError.SqlError>
  /** Events a second of `COPY` with what was stored since. */
  readonly copy: (since: string) => Effect.Effect<number, SqlError.SqlError>
  /** Waits until none of those projections is behind. */
  readonly caughtUp: (which: Which) => Effect.Effect<void, SqlError.SqlError>
  /**
   * Waits until the counters are caught up, and for the rankings too if they manage it within 30
   * seconds.
   */
  readonly quiet: Effect.Effect<void, SqlError.SqlError>
  /**
   * Sends requests of one item until V8 has compiled their way: over the first 20,000 or so, they
   * get half as fast again. Batches are warm by then.
   */
  readonly warmSingles: Effect.Effect<void, SqlError.SqlError>
  /** Resident memory in MB each second since the start. */
  readonly memory: ReadonlyArray<readonly [seconds: number, megabytes: number]>
}

export const bulkPath = "/api/v1/integrations/fasttrack/bulk"

/**
 * Most events a second that are prepared for, by the items of a request: far more than any machine
 * has taken.
 */
const mostPerSecond = (items: number) => items === 1 ? 8_000 : items <= 10 ? 40_000 : Infinity

/** A board of each projection that ranks users. */
const boards = ["casino_turnover", "sports_turnover"]

let runs = 0

const hasLog = (sql: PgConnection.PgConnection) =>
  Effect.map(sql.query("select to_regclass('slice_heads') is not null as has", [], false), ({ rows }) => rows[0]?.["has"] === true)

/** What a service is started with, where it is not the usual. */
export interface RigOptions {
  /** The database; a fresh one unless given. */
  readonly database?: string
  /** The databases of further partitions. */
  readonly partitions?: ReadonlyArray<string>
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts a service on a fresh database, or the one given, and warms it up. */
export const startRig = (
  server: BenchServer["Service"],
  profile: Profile,
  runtime: Runtime,
  { database, partitions = [], settings = {} }: RigOptions = {}
): Effect.Effect<Rig, SqlError.SqlError, Scope.Scope> =>
  Effect.gen(function*() {
    const databaseUrl = database ?? (yield* server.database)
    const sql = yield* server.connect(databaseUrl)
    const copiers = [yield* server.connect(databaseUrl), yield* server.connect(databaseUrl)] as const
    const service = yield* startService(runtime, databaseUrl, settings)
    // A service that does not know partitions leaves their databases empty.
    const others = yield* Effect.filter(yield* Effect.forEach(partitions, server.connect), hasLog)
    const all = [sql, ...others]
    const { apiKey } = service
    const memory: Array<readonly [number, number]> = []
    const started = performance.now()
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(() => memory.push([(performance.now() - started) / 1000, service.memory()]), 1000)),
      (timer) => Effect.sync(() => clearInterval(timer))
    )

    const prepare = ({ items, longer = 1, users = 5_000 }: Load): Requests => {
      const events = Math.min(profile.events * longer, mostPerSecond(items) * profile.seconds * longer)
      const next = traffic({ run: `${process.pid}-${++runs}`, users })
      return bodiesOf(next, Math.max(1, Math.round(events / items)), items).map((body) => postRequest(service.url, bulkPath, apiKey, body))
    }
    const send = (requests: Requests, { connections, longer = 1 }: Load, times?: number) =>
      Effect.promise((signal) => {
        let next = 0
        return closedLoop({
          url: service.url,
          next: () => requests[next++],
          connections,
          seconds: profile.seconds * longer,
          signal,
          ...times === undefined ? {} : { times }
        })
      })
    const untilCaughtUp = (which: Which) =>
      Effect.raceFirst(Effect.forEach(all, (sql) => caughtUp(sql, which), { discard: true }), service.ended)
    // The rankings gather events for some seconds, unless somebody waits for them.
    const wanted = Effect.ignore(Effect.tryPromise((signal) =>
      Promise.all(boards.map((board) =>
        fetch(`${service.url}/api/v1/leaderboards/${board}?currency=EUR&consistency=strong`, { headers: { "x-api-key": apiKey }, signal })
          .then((answer) =>
            answer.text()
          )
      ))
    ))
    const quiet = Effect.andThen(
      untilCaughtUp("counters"),
      Effect.asVoid(Effect.timeoutOption(Effect.andThen(wanted, untilCaughtUp("rankings")), "30 seconds"))
    )
    const warmUp = (load: Load) =>
      Effect.andThen(Effect.suspend(() => send(prepare(load), load)), quiet)

    const rig: Rig = {
      runtime,
      service,
      sql,
      databaseUrl,
      prepare,
      send,
      clock: clockOf(sql),
      copy: (since) => copyBaseline(copiers, server.exchange, since),
      caughtUp: untilCaughtUp,
      quiet,
      warmSingles: warmUp({ items: 1, connections: 64, longer: 3 }),
      memory
    }
    yield* warmUp({ items: 1000, connections: 4 })
    return rig
  })

/** Items a second of what was sent. */
export const rateOf = (sent: Sent, { items }: Load): number => sent.requests * items / sent.seconds
