import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { openLoop } from "../openLoop.ts"
import { type Bench, inRounds, type Row } from "../Row.ts"
import { sendAtRate } from "../sendAtRate.ts"
import { quantile } from "../statistics.ts"

/** Single-row commits on as many connections as the service appends over. */
const commitConnections = 8

const percentiles = [["p50", 0.5], ["p99", 0.99], ["greatest", 1]] as const

let committed = 0

const commits = (bench: Bench, sessions: ReadonlyArray<PgConnection.PgConnection>, rate: number) =>
  Effect.promise((signal) =>
    openLoop({
      rate,
      count: Math.round(rate * bench.profile.latencySeconds),
      connections: sessions.length,
      signal,
      call: async (_, connection) => {
        const session = sessions[connection]
        if (session === undefined) return
        await Effect.runPromise(session.query(
          `insert into copied_events (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
           select 0, $1::bigint, '00000000-0000-4000-8000-000000000000', 'player', md5($1::text)::uuid, 'realtime-login', now(), now(), 1, '{"unique_id":"1"}'`,
          [BigInt(++committed)]
        ))
      }
    })
  )

/** How long an answer takes when requests come at a fixed rate, however the service is doing. */
export const latency: Row = {
  name: "latency",
  title: "Time to the answer at fixed arrival rates, counted from when each request was due",
  measure: Effect.fnUntraced(function*(bench) {
    const { profile } = bench
    const rig = yield* bench.rig
    yield* rig.warmSingles
    yield* rig.sql.query("create table if not exists copied_events (like events including all)", [], false)
    const sessions = yield* Effect.forEach(Array.from({ length: commitConnections }), () => bench.server.connect(rig.databaseUrl))
    const loads = [
      ...profile.rates.single.map((rate) => ({ rate, items: 1 })),
      ...profile.rates.batch.map((rate) => ({ rate, items: 1_000 }))
    ]
    const rounds = yield* inRounds(bench, () =>
      Effect.gen(function*() {
        yield* rig.quiet
        const http = yield* Effect.forEach(loads, ({ items, rate }) => sendAtRate(bench.profile, rig, { rate, items }))
        yield* rig.quiet
        const commit = yield* Effect.forEach(loads, ({ items, rate }) => items === 1 ? commits(bench, sessions, rate) : Effect.succeed([]))
        return { http, commit }
      }))
    yield* rig.sql.query("truncate copied_events", [], false)
    return {
      measurements: loads.flatMap(({ items, rate }, load) =>
        percentiles.map(([name, part]) => {
          const values = rounds.map((round) => quantile(round.http[load] ?? [], part))
          const what = `${items === 1 ? `${rate} events/s, 1 a request` : `${rate} requests/s of ${items} events`}: ${name}`
          return items === 1
            ? {
              what,
              unit: "ms",
              values,
              against: {
                what: "INSERT of one row, same rate",
                values: rounds.map((round) => quantile(round.commit[load] ?? [], part))
              }
            }
            : { what, unit: "ms", values }
        })
      ),
      notes: [
        `INSERT: one row and its commit, at the same rate over ${commitConnections} connections, into a table with the same two keys: what the database alone takes`
      ]
    }
  })
}
