import { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type OwnPostgres, ownPostgres } from "./OwnPostgres.ts"

/** One statement on a server, as its superuser; its rows. */
export const ask = (server: { readonly url: string }, statement: string) =>
  Effect.scoped(
    Effect.flatMap(
      PgConnection.make({
        url: Redacted.make(server.url),
        applicationName: "test",
        // Else a database that was made read-only could not be made writable again.
        startupParameters: { default_transaction_read_only: "off" }
      }),
      (connection) => Effect.map(connection.query(statement, [], false), ({ rows }) => rows as ReadonlyArray<Record<string, unknown>>)
    )
  )

const sh = Effect.fnUntraced(function*({ cluster }: OwnPostgres, script: string, ...args: ReadonlyArray<string>) {
  const { code, output } = yield* cluster.account.run("sh", ["-ec", script, ...args])
  if (code !== 0) return yield* Effect.die(new Error(`${script}: ${output}`))
})

/**
 * Copies the folder of a running server into another one, as `pg_basebackup` does, which the
 * packaged programs lack. The copy has everything up to now, and starts with a recovery. The
 * target's parent must be there, and may be entered by the server's account.
 */
export const backUp = (server: OwnPostgres, target: string) =>
  Effect.scoped(Effect.gen(function*() {
    const session = yield* PgConnection.make({ url: Redacted.make(server.url), applicationName: "test" })
    yield* session.query("select pg_backup_start('test', true)", [], false)
    yield* Effect.promise(async () => {
      await rm(target, { recursive: true, force: true })
      await mkdir(target)
      await server.cluster.account.own(target)
    })
    // Files may go while they are copied: their changes are in the log of the server.
    yield* sh(server, `cp -a "$0" "$1/" || true; chmod 700 "$1/postgres"`, server.cluster.home, target)
    const { rows } = yield* session.query("select labelfile from pg_backup_stop(false)", [], false)
    const data = join(target, "postgres/data")
    // The log of what went on meanwhile: without it the copy is no database.
    yield* sh(server, `cp -a "$0/." "$1/"`, join(server.cluster.data, "pg_wal"), join(data, "pg_wal"))
    yield* Effect.promise(async () => {
      await rm(join(data, "postmaster.pid"), { force: true })
      await writeFile(join(data, "backup_label"), String((rows[0] as { labelfile?: unknown } | undefined)?.labelfile))
      await server.cluster.account.own(join(data, "backup_label"))
    })
  }))

/** Where a standby of a server gets the log from. */
const followed = (primary: OwnPostgres) => {
  const { password, port } = new URL(primary.url)
  return `host=127.0.0.1 port=${port} user=postgres password=${password} application_name=standby`
}

/** Makes a stopped server's folder one of a standby of `primary`. */
export const makeStandby = (folder: string, primary: OwnPostgres) =>
  Effect.promise(async () => {
    const data = join(folder, "postgres/data")
    await appendFile(join(data, "postgresql.auto.conf"), `primary_conninfo = '${followed(primary)}'\nhot_standby = on\n`)
    await writeFile(join(data, "standby.signal"), "")
    await primary.cluster.account.own(join(data, "standby.signal"))
  })

/** A standby of a server that follows it, asynchronously unless the server waits for it. */
export const standbyOf = Effect.fnUntraced(function*(primary: OwnPostgres, folder: string) {
  yield* backUp(primary, folder)
  yield* makeStandby(folder, primary)
  const standby = yield* ownPostgres(folder)
  yield* untilFollowing(primary)
  return standby
})

/** Waits until a standby has everything that the server has committed by now. */
export const untilFollowing = (primary: OwnPostgres) =>
  Effect.gen(function*() {
    const [now] = yield* ask(primary, "select pg_current_wal_lsn()::text as lsn")
    yield* Effect.repeat(
      ask(primary, `select count(*)::int as standbys from pg_stat_replication where replay_lsn >= '${String(now?.["lsn"])}'::pg_lsn`),
      { until: ([row]) => row?.["standbys"] !== 0 }
    )
  })

/** Has a standby follow nobody: what is committed from now on does not reach it. */
export const cutOff = (standby: OwnPostgres) =>
  Effect.gen(function*() {
    yield* ask(standby, "alter system set primary_conninfo = ''")
    yield* ask(standby, "select pg_reload_conf()")
    yield* Effect.repeat(ask(standby, "select count(*)::int as receivers from pg_stat_wal_receiver"), {
      until: ([row]) => row?.["receivers"] === 0
    })
  })

/** Makes a standby the primary, and waits until it is. */
export const promote = (standby: OwnPostgres) => Effect.asVoid(ask(standby, "select pg_promote(true, 60)"))
