import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { casinoColumns } from "../../src/projections/catalog/casino.ts"
import type { EmmettJob } from "../emmett/EmmettJob.ts"
import { filledDatabase, ranWell } from "../filledDatabase.ts"
import { installEmmett } from "../installEmmett.ts"
import { type Load, rateOf, startRig } from "../Rig.ts"
import { inRounds, NotMeasured, type Row } from "../Row.ts"
import { timedRebuild } from "../timedRebuild.ts"
import { traffic } from "../traffic.ts"

const users = 5_000
/** Events a user has in the log that is rebuilt. */
const history = 14
/**
 * Events a transaction, ten times its own default; 5,000 gained nothing more that could be told
 * from chance.
 */
const batchSize = 1_000

const Answer = Schema.fromJsonString(Schema.Struct({
  milliseconds: Schema.Number,
  folded: Schema.optionalKey(Schema.Number),
  stored: Schema.optionalKey(Schema.Number),
  conflicts: Schema.optionalKey(Schema.Number)
}))

const ask = (url: string, job: EmmettJob) =>
  Effect.flatMap(
    ranWell(["bench/emmett/emmettProcess.ts", JSON.stringify(job)], { DATABASE_URL: url }),
    (output) => Effect.orDie(Schema.decodeEffect(Answer)(output.trim().split("\n").at(-1) ?? ""))
  )

const single: Load = { items: 1, connections: 16 }
const batched: Load = { items: 1_000, connections: 4 }

/** The same with Emmett, the event store for TypeScript on PostgreSQL. */
export const emmett: Row = {
  name: "emmett",
  title: "Against Emmett 0.42, on the same server",
  withoutService: true,
  measure: Effect.fnUntraced(function*(bench) {
    const { profile, say, server } = bench
    yield* say("installing Emmett if it is missing")
    yield* Effect.tryPromise({
      try: installEmmett,
      catch: (cause) => cause instanceof NotMeasured ? cause : new NotMeasured(String(cause))
    })

    const appends = yield* Effect.scoped(Effect.gen(function*() {
      const rig = yield* startRig(server, profile, bench.runtime)
      const appended = Effect.fnUntraced(
        function*(events: number, { batch, connections }: { readonly batch: number | "history"; readonly connections: number }) {
          const url = yield* server.database
          const of = batch === "history" ? Math.ceil(events / history) : users
          const { milliseconds, stored } = yield* ask(url, { do: "append", run: "append", users: of, events, connections, batch })
          if (stored !== events) return yield* Effect.die(new Error(`Emmett has stored ${stored} of ${events} events`))
          return events / milliseconds * 1000
        },
        Effect.scoped
      )
      const ours = Effect.fnUntraced(function*(load: Load) {
        const requests = rig.prepare(load)
        yield* rig.caughtUp("counters")
        return rateOf(yield* rig.send(requests, load), load)
      })
      return yield* inRounds({ ...bench, say: (what) => say(`append, ${what}`) }, () =>
        Effect.gen(function*() {
          const ourSingle = yield* ours(single)
          const ourBatched = yield* ours(batched)
          // What is still to be folded must not take from Emmett's time.
          yield* rig.quiet
          return {
            ourSingle,
            ourBatched,
            oneEach: yield* appended(profile.emmett.append, { batch: 1, connections: single.connections }),
            ofBatches: yield* appended(profile.emmett.append, { batch: batched.items, connections: batched.connections }),
            histories: yield* appended(profile.emmett.append * 4, { batch: "history", connections: batched.connections })
          }
        }))
    }))

    const events = profile.emmett.rebuild
    const logUsers = Math.ceil(events / history)
    const run = "emmett rebuild"
    yield* say("rebuild: filling both logs")
    const theirs = yield* server.database
    // Over one connection: its readers order by transaction and go on by position, which several
    // writers can set against each other.
    yield* ask(theirs, { do: "append", run, users: logUsers, events, connections: 1, batch: "history" })
    const { fillTo, sql, url: ours } = yield* filledDatabase(bench, events, traffic({ run, users: logUsers }))
    yield* fillTo(events)
    const [casino] =
      (yield* sql.query("select count(*)::float8 as events from events where event_type = 'realtime-casino'", [], false)).rows
    const toFold = Number(casino?.["events"])
    const rebuilds = yield* inRounds({ ...bench, say: (what) => say(`rebuild, ${what}`) }, (round) =>
      Effect.gen(function*() {
        const their = Effect.fnUntraced(function*(kind: "documents" | "rows") {
          const { folded, milliseconds } = yield* ask(theirs, { do: "rebuild", name: `casino_${kind}_${round}`, kind, batchSize })
          if (folded !== toFold) return yield* Effect.die(new Error(`Emmett has folded ${folded} of ${toFold} events into ${kind}`))
          return events / milliseconds * 1000
        })
        const documents = yield* their("documents")
        const rebuilt = yield* timedRebuild(bench.runtime, ours, ["casino"])
        const rows = yield* their("rows")
        return { documents, rows, ours: events / rebuilt.milliseconds * 1000 }
      }))

    const theirDocuments = { what: "Emmett, documents", values: rebuilds.map(({ documents }) => documents) }
    return {
      measurements: [
        {
          what: "store, 1 a request, 16 connections",
          unit: "events/s",
          values: appends.map(({ ourSingle }) => ourSingle),
          against: { what: "Emmett, 1 an append, 16 connections", values: appends.map(({ oneEach }) => oneEach) }
        },
        {
          what: "store, 1000 a request, 4 connections",
          unit: "events/s",
          values: appends.map(({ ourBatched }) => ourBatched),
          against: { what: "Emmett, the same batches, an append a user", values: appends.map(({ ofBatches }) => ofBatches) }
        },
        {
          what: "the same, best case of Emmett",
          unit: "events/s",
          values: appends.map(({ ourBatched }) => ourBatched),
          against: { what: `Emmett, ${history} events of a new user an append`, values: appends.map(({ histories }) => histories) }
        },
        { what: "rebuild casino", unit: "events/s", values: rebuilds.map((round) => round.ours), against: theirDocuments },
        {
          what: "the same, best case of Emmett",
          unit: "events/s",
          values: rebuilds.map((round) => round.ours),
          against: { what: "Emmett, hand-written SQL", values: rebuilds.map(({ rows }) => rows) }
        }
      ],
      notes: [
        "Emmett is called in the process that appends; the service is sent HTTP, decodes, refuses repeats and feeds all projections meanwhile",
        `Rebuild of ${events} events of ${logUsers} users, by rebuildPostgreSQLProjections, ${batchSize} a batch, no pause between: bets and wins, count and sum, of a user and currency; ` +
        `casino keeps ${Object.keys(casinoColumns).length} columns of them`,
        "documents: pongoMultiStreamProjection, as its guide has it; hand-written SQL: postgreSQLRawBatchSQLProjection with one upsert. Its projector hands over one event at a time and stores a checkpoint after each"
      ]
    }
  })
}
