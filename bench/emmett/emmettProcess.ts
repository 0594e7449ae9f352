/*
 * Does one thing with Emmett on the database of DATABASE_URL and tells as a line of JSON how long
 * it took. The argument is a job as JSON. A process of its own, which finds Emmett beside this
 * file, where the benchmark has installed it.
 */
import { traffic, type TrafficItem } from "../traffic.ts"
import { documents, rows } from "./casinoTotals.ts"
import type { Dumbo, EmmettEvent, EmmettPostgres, Pg } from "./EmmettApi.ts"
import type { EmmettJob } from "./EmmettJob.ts"

// Names in variables, so that the compiler does not look for what need not be there.
const [emmettName, dumboName, pgName] = ["@event-driven-io/emmett-postgresql", "@event-driven-io/dumbo", "pg"]
const emmett: EmmettPostgres = await import(emmettName)
const dumbo: Dumbo = await import(dumboName)
const pg: Pg = await import(pgName)

const url = process.env["DATABASE_URL"] ?? ""
const job = JSON.parse(process.argv[2] ?? "") as EmmettJob

const eventOf = ({ data, event }: TrafficItem): EmmettEvent => ({ type: event, data })
const userOf = ({ data }: TrafficItem) => `player-${String(data["user_id"])}`

const byUser = (items: ReadonlyArray<TrafficItem>): ReadonlyArray<readonly [string, ReadonlyArray<EmmettEvent>]> =>
  [...Map.groupBy(items, userOf)].map(([user, items]) => [user, items.map(eventOf)] as const)

/**
 * Somebody else has appended to the stream at the same moment: read as a conflict, or as a refused
 * key when the stream was new.
 */
const isConflict = (cause: unknown) =>
  cause instanceof Error && /ExpectedVersion|Expected version|duplicate key|unique constraint/i.test(`${cause.name} ${cause.message}`)

const append = async ({ batch, connections, events, run, users }: Extract<EmmettJob, { readonly do: "append" }>) => {
  const pool = new pg.default.Pool({ connectionString: url, max: connections })
  const store = emmett.getPostgreSQLEventStore(url, { connectionOptions: { pool } })
  await store.schema.migrate()
  const next = traffic({ run, users })
  const items = Array.from({ length: events }, next)
  // A user's whole history at once is the best case: then all events are one batch, and no stream
  // is appended to twice.
  const size = batch === "history" ? items.length : batch
  const batches = Array.from({ length: Math.ceil(items.length / size) }, (_, at) => byUser(items.slice(at * size, (at + 1) * size)))
  const appends = batch === "history" ? batches.flat().map((one) => [one]) : batches
  let conflicts = 0
  let at = 0
  const started = performance.now()
  await Promise.all(Array.from({ length: connections }, async () => {
    for (let some = appends[at++]; some !== undefined; some = appends[at++]) {
      for (const [stream, events] of some) {
        for (;;) {
          try {
            await store.appendToStream(stream, events)
            break
          } catch (cause) {
            if (!isConflict(cause)) throw cause
            conflicts++
          }
        }
      }
    }
  }))
  const milliseconds = performance.now() - started
  const { rows: [stored] } = await pool.query("select count(*)::float8 as events from emt_messages")
  await store.close()
  await pool.end()
  return { milliseconds, conflicts, stored: Number(stored?.["events"]) }
}

const rebuild = async ({ batchSize, kind, name }: Extract<EmmettJob, { readonly do: "rebuild" }>) => {
  const consumer = emmett.rebuildPostgreSQLProjections({
    connectionString: url,
    pulling: { batchSize, pullingFrequencyInMs: 0 },
    projections: [kind === "documents" ? documents(emmett, name) : rows(emmett, dumbo, name)]
  })
  const started = performance.now()
  await consumer.start()
  const milliseconds = performance.now() - started
  await consumer.close()
  const pool = new pg.default.Pool({ connectionString: url, max: 1 })
  const counted = kind === "documents"
    ? `select sum((data->>'bets')::numeric + (data->>'wins')::numeric)::float8 as folded from "${name}"`
    : `select sum(bets + wins)::float8 as folded from ${name}`
  const { rows: [found] } = await pool.query(counted)
  await pool.end()
  return { milliseconds, folded: Number(found?.["folded"]) }
}

const result = job.do === "append" ? await append(job) : await rebuild(job)
process.stdout.write(`\n${JSON.stringify(result)}\n`)
process.exit(0)
