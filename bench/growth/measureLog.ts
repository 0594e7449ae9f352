import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"
import { filledDatabase } from "../filledDatabase.ts"
import type { Bench, NotMeasured } from "../Row.ts"
import { traffic } from "../traffic.ts"
import { type Activity, btreeUsable, pageBytes, touchedOf, touchedShare } from "./BtreeModel.ts"
import { type LogConstants, logOf, type LogShape, positionEntry } from "./logModel.ts"
import { type Btree, readBtree } from "./readBtree.ts"

/** Events at which the constants are taken, and at which the model is held against the log. */
export const sizes = { taken: [100_000, 200_000], checked: [400_000, 800_000], users: 40_000 } as const

/** One figure of the model beside the log's. */
export interface Comparison {
  readonly what: string
  readonly model: number
  readonly real: number
  /** How far the model may be off, as parts of the real figure, below and above it. */
  readonly allowed: { readonly below: number; readonly above: number }
}

/** Whether the model is as near as it must be. */
export const holds = ({ allowed, model, real }: Comparison): boolean =>
  model >= real * (1 - allowed.below) && model <= real * (1 + allowed.above)

/** What a filled log gives. */
export interface MeasuredLog {
  readonly url: string
  readonly sql: PgConnection.PgConnection
  readonly constants: LogConstants
  readonly comparisons: ReadonlyArray<Comparison>
  /** Bytes of PostgreSQL's own log for an event that is appended, whole pages left out. */
  readonly appendRecordBytes: number
}

interface RealLog {
  readonly heapPages: number
  readonly position: Btree
  readonly unique: Btree
  readonly bytes: number
}

const measured = (sql: PgConnection.PgConnection): Effect.Effect<RealLog, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [row] =
      (yield* sql.query("select pg_relation_size('events')::float8 as heap, pg_indexes_size('events')::float8 as indexes", [], false)).rows
    const heap = Number(row?.["heap"])
    return {
      heapPages: heap / pageBytes,
      bytes: heap + Number(row?.["indexes"]),
      position: yield* readBtree(sql, "events_position"),
      unique: yield* readBtree(sql, "events_idempotency_key")
    }
  })

const rowsOf = (sql: PgConnection.PgConnection) =>
  Effect.map(
    sql.query(
      `select avg(size)::float8 as row, (avg(size * size) / avg(size) / 2)::float8 as waste, avg(id)::float8 as id
       from (select (pg_column_size(e.*) + 7) / 8 * 8 + 4 as size, octet_length(user_id) as id from events as e limit 50000) as rows`,
      [],
      false
    ),
    ({ rows: [row] }) => ({ rowBytes: Number(row?.["row"]), rowWaste: Number(row?.["waste"]), userIdBytes: Number(row?.["id"]) })
  )

/**
 * How near the model must come, and why.
 *
 * - Rows are of 0.1 KB to 1 KB: a mean of 50,000 is known to 0.5 %, the free end of a page less
 *   well.
 * - The unique key's fill is ln 2 for an infinite tree. It was within 0.5 % of that at six sizes.
 * - The position key's fill rises from 0.66 towards 0.9, so the model is above: 2 % to 7 % were
 *   seen at four times the size of the constants, by the slices of the tenant's users.
 * - Levels are whole numbers.
 * - Touched pages are random: their number varies by 2 %. What is touched beside the leaves, such
 *   as the pages above them when one is split, makes the model be below.
 */
const allowed = {
  heap: { below: 0.015, above: 0.015 },
  unique: { below: 0.02, above: 0.02 },
  position: { below: 0.05, above: 0.12 },
  log: { below: 0.02, above: 0.02 },
  levels: { below: 0, above: 0 },
  touched: { below: 0.1, above: 0.06 }
} as const

const compared = (events: number, model: LogShape, real: RealLog): ReadonlyArray<Comparison> => {
  const of = (what: string) => `${what}, ${events} events`
  return [
    { what: of("pages of the table"), model: model.heapPages, real: real.heapPages, allowed: allowed.heap },
    { what: of("leaves of the unique key"), model: model.unique.leaves, real: real.unique.leaves, allowed: allowed.unique },
    { what: of("levels of the unique key"), model: model.unique.levels, real: real.unique.levels, allowed: allowed.levels },
    { what: of("leaves of the position key"), model: model.position.leaves, real: real.position.leaves, allowed: allowed.position },
    { what: of("levels of the position key"), model: model.position.levels, real: real.position.levels, allowed: allowed.levels },
    { what: of("bytes of the log"), model: model.bytes, real: real.bytes, allowed: allowed.log }
  ]
}

interface Written {
  /**
   * Pages that were written to the log whole: each page that is touched first after a checkpoint.
   */
  readonly wholePages: number
  readonly bytes: number
}

/** Stores events of some users, and takes them back: what is touched stays touched. */
const appendInVain = (
  sql: PgConnection.PgConnection,
  users: string
): Effect.Effect<{ readonly events: number; readonly first: Written; readonly again: Written }, SqlError.SqlError> =>
  Effect.gen(function*() {
    const run = (statement: string) => sql.query(statement, [], false)
    yield* run("drop table if exists picked")
    yield* run(
      `create temp table picked as
       select known.slice, h.position + row_number() over (partition by known.slice) as position, known.tenant_id, known.user_id,
         gen_random_uuid() as idempotency_key, known.event_type, known.occurred_at, known.recorded_at, known.payload_version, known.payload::text as payload
       from (${users}) as u
       cross join lateral (select * from events where tenant_id = (select tenant_id from tenants) and user_id = 'player-' || u.number limit 1) as known
       join slice_heads as h using (slice)`
    )
    const [count] = (yield* run("select count(*)::float8 as events from picked")).rows
    const written = Effect.gen(function*() {
      yield* run("begin")
      const [row] = (yield* run(
        `explain (analyze, wal, costs off, timing off, format json) insert into events
           (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
         select slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload::json
         from picked order by slice, position`
      )).rows
      yield* run("rollback")
      const text = JSON.stringify(row)
      const figure = (name: string) => Number(new RegExp(`${name}\\\\?": ?(\\d+)`).exec(text)?.[1] ?? NaN)
      return { wholePages: figure("WAL FPI"), bytes: figure("WAL Bytes") }
    })
    yield* run("checkpoint")
    return { events: Number(count?.["events"]), first: yield* written, again: yield* written }
  })

/**
 * Fills a log to the sizes, takes the constants at the first two, and holds the model against the
 * log at the others.
 */
export const measureLog = (
  bench: Pick<Bench, "say" | "server">
): Effect.Effect<MeasuredLog, SqlError.SqlError | NotMeasured, Scope.Scope> =>
  Effect.gen(function*() {
    const { users } = sizes
    const { fillTo, sql, url } = yield* filledDatabase(bench, Math.max(...sizes.checked), traffic({ run: "forecast", users }))
    const shapes: Array<readonly [events: number, RealLog]> = []
    for (const events of [...sizes.taken, ...sizes.checked]) {
      yield* fillTo(events)
      shapes.push([events, yield* measured(sql)])
      yield* bench.say(`${events} events stored: reading the pages of their indexes`)
    }
    const [[, small], [events, taken], ...checked] = shapes as [typeof shapes[0], typeof shapes[0], ...typeof shapes]
    const [from] = sizes.taken
    const constants: LogConstants = {
      ...yield* rowsOf(sql),
      position: {
        events,
        leaves: taken.position.leaves,
        fill: (events - from) * positionEntry / (taken.position.leaves - small.position.leaves) / (btreeUsable - positionEntry)
      }
    }
    const comparisons = checked.flatMap(([events, real]) => compared(events, logOf(constants, events, users), real))
    const last = logOf(constants, Math.max(...sizes.checked), users)

    yield* bench.say("touching pages")
    const slices = 256
    const some = yield* appendInVain(sql, `select floor(random() * ${users})::int as number from generate_series(1, 1000)`)
    const activeEvents = 5
    const day = yield* appendInVain(
      sql,
      `select number from generate_series(0, ${users - 1}) as number cross join generate_series(1, ${activeEvents})
       where number in (select number from generate_series(0, ${users - 1}) as number where random() < 0.1)`
    )
    // As many as came of the random choice.
    const activity: Activity = { active: day.events / activeEvents / users, events: activeEvents }
    const { leaves } = last.unique
    const touched = (what: string, uniqueLeaves: number, { events, first }: typeof some): Comparison => ({
      what,
      // And the page of the table that was not full.
      model: uniqueLeaves + touchedOf(slices, events) + 1,
      real: first.wholePages,
      allowed: allowed.touched
    })
    return {
      url,
      sql,
      constants,
      comparisons: [
        ...comparisons,
        touched("pages touched by 1,000 events of any users", touchedOf(leaves, some.events), some),
        touched("pages touched by a tenth of the users, 5 events each", leaves * touchedShare(leaves / users, activity), day)
      ],
      appendRecordBytes: (day.again.bytes - day.again.wholePages * pageBytes) / day.events
    }
  })
