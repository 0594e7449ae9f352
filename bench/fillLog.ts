import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError } from "effect/sql"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { sliceOf } from "../src/event-log/sliceOf.ts"
import { decodeItem } from "../src/fasttrack/decodeItem.ts"
import { idempotencyKey } from "../src/fasttrack/idempotencyKey.ts"
import { encodePayload, payloadVersion } from "../src/fasttrack/payload.ts"
import { TenantId } from "../src/values/TenantId.ts"
import { copyColumns } from "./copyBaseline.ts"
import { type TrafficItem } from "./traffic.ts"

/** Rows copied at once: while the server copies some, the next are made. */
const pieceOf = 100_000

export interface Filling {
  readonly sql: PgConnection.PgConnection
  /** A folder that the server reads. */
  readonly folder: string
  /** Whose events they are. */
  readonly tenant: { readonly tenantId: string; readonly keyNamespace: string }
  readonly next: () => TrafficItem
  /** How many events to add. */
  readonly events: number
  readonly say: (what: string) => Effect.Effect<void>
}

/**
 * Adds events to a log that nobody else is writing, much faster than they could be sent, and as if
 * they had been: decoded and keyed by the service's own code, at the positions after the heads,
 * which move with them.
 */
export const fillLog = ({ events, folder, next, say, sql, tenant }: Filling): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const run = (statement: string) => sql.query(statement, [], false)
    const heads = new Map(
      (yield* run("select slice, position::float8 as position from slice_heads")).rows.map(({ position, slice }) =>
        [Number(slice), Number(position)] as const
      )
    )
    const [clock] = (yield* run("select clock_timestamp()::text as now")).rows
    const recordedAt = String(clock?.["now"])

    const lineOf = (item: TrafficItem): string => {
      const event = Result.getOrThrow(decodeItem(item))
      const slice = sliceOf(TenantId(tenant.tenantId), event.userId)
      const position = (heads.get(slice) ?? 0) + 1
      heads.set(slice, position)
      return [
        slice,
        position,
        tenant.tenantId,
        event.userId,
        idempotencyKey(tenant.keyNamespace, event),
        event.event,
        new Date(event.occurredAt).toISOString(),
        recordedAt,
        payloadVersion,
        encodePayload(event).replaceAll("\\", "\\\\")
      ].join("\t")
    }
    const write = Effect.fnUntraced(function*(from: number) {
      const file = join(folder, `fill-${from}`)
      const lines = Array.from({ length: Math.min(pieceOf, events - from) }, () => lineOf(next()))
      yield* Effect.promise(() => writeFile(file, `${lines.join("\n")}\n`))
      return file
    })
    const copy = (file: string) =>
      Effect.andThen(
        run(`copy events (${copyColumns}) from '${file}'`),
        Effect.promise(() => rm(file, { force: true }))
      )

    let file: string | undefined
    for (let from = 0; from < events; from += pieceOf) {
      yield* say(`filling the log: ${from} of ${events}`)
      const copied = file
      ;[file] = yield* Effect.all([write(from), copied === undefined ? Effect.void : copy(copied)], { concurrency: 2 })
    }
    if (file !== undefined) yield* copy(file)
    yield* run(
      `update slice_heads as h set position = e.position, recorded_at = '${recordedAt}'
       from (select slice, max(position) as position from events group by slice) as e
       where h.slice = e.slice and h.position <> e.position`
    )
    yield* run("vacuum analyze events")
    const [sound] = (yield* run(
      "select (select count(*) from events) = (select sum(position) from slice_heads) as dense"
    )).rows
    if (sound?.["dense"] !== true) return yield* Effect.die(new Error("the log that was made has holes"))
  })
