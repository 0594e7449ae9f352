import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"
import { statfs } from "node:fs/promises"
import { tmpdir } from "node:os"
import { fillLog } from "./fillLog.ts"
import { type Bench, NotMeasured } from "./Row.ts"
import { outputOf, startChild } from "./ServiceUnderTest.ts"
import type { TrafficItem } from "./traffic.ts"

/** A database whose log is filled without a service. */
export interface FilledDatabase {
  readonly url: string
  readonly sql: PgConnection.PgConnection
  /** Adds events until there are so many. */
  readonly fillTo: (events: number) => Effect.Effect<void, SqlError.SqlError>
}

/**
 * What an event takes on disk at most, with its rows in the projections, in GB; and what the
 * server's own files take.
 */
const room = { perEvent: 2e-6, server: 5 }

/**
 * Makes one with the tenant `demo`, empty so far, which is to have so many events at most; `next`
 * gives them.
 */
export const filledDatabase = (
  { say, server }: Pick<Bench, "say" | "server">,
  most: number,
  next: () => TrafficItem
): Effect.Effect<FilledDatabase, SqlError.SqlError | NotMeasured, Scope.Scope> =>
  Effect.gen(function*() {
    const { bavail, bsize } = yield* Effect.promise(() => statfs(server.exchange))
    const [needed, free] = [Math.ceil(room.server + most * room.perEvent), Math.floor(bavail * bsize / 1e9)]
    if (free < needed) return yield* Effect.fail(new NotMeasured(`it may need ${needed} GB in ${tmpdir()}, and ${free} are free`))
    const url = yield* server.database
    yield* Effect.scoped(ranWell(["scripts/run.mjs", "cli", "migrate"], { DATABASE_URL: url }))
    const sql = yield* server.connect(url)
    const [row] = (yield* sql.query(
      "insert into tenants (name, time_zone) values ('demo', 'UTC') returning tenant_id::text, key_namespace::text",
      [],
      false
    )).rows
    const tenant = { tenantId: String(row?.["tenant_id"]), keyNamespace: String(row?.["key_namespace"]) }
    return {
      url,
      sql,
      fillTo: Effect.fnUntraced(function*(events) {
        const [stored] = (yield* sql.query("select sum(position)::float8 as events from slice_heads", [], false)).rows
        yield* fillLog({ sql, folder: server.exchange, tenant, next, events: events - Number(stored?.["events"] ?? 0), say })
      })
    }
  })

/**
 * Runs a program of this project on this Node to its end and gives what it wrote to stdout; one
 * that fails is a defect.
 */
export const ranWell = (
  args: ReadonlyArray<string>,
  settings: Readonly<Record<string, string>>,
  file: string = process.execPath
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function*() {
    const child = yield* startChild(file, args, settings)
    let stdout = ""
    child.stdout?.on("data", (chunk) => stdout += String(chunk))
    const output = outputOf(child)
    const code = yield* Effect.callback<number | null>((resume) => {
      child.on("close", (code) => resume(Effect.succeed(code)))
    })
    return code === 0 ? stdout : yield* Effect.die(new Error(`${args.join(" ")} ended with ${code}: ${output().trim().slice(-2000)}`))
  })
