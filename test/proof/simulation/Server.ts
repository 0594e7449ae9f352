import { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"

/** Which client of the service a connection is of: the one that writes the log, or the other. */
export type ClientKind = "append" | "general"

export type Answer = Exit.Exit<PgConnection.Result, SqlError.SqlError>

// As `Database` sets them. How long a lock is waited for is the world's to say, by its own clock; a
// circle is found before the world looks.
const settings: Record<ClientKind, Readonly<Record<string, string>>> = {
  general: { enable_seqscan: "off", jit: "off", deadlock_timeout: "1ms" },
  append: { enable_seqscan: "off", jit: "off", deadlock_timeout: "1ms", plan_cache_mode: "force_generic_plan" }
}

/**
 * A server of a world, and its connections, which outlive the runs. In truth it is a database of
 * the one PostgreSQL that all worlds share.
 */
export class Server {
  /** Its name in the directory of the partitions. */
  readonly name: string
  private readonly url: Redacted.Redacted
  private readonly scope: Scope.Closeable
  private readonly idle: Record<ClientKind, Array<PgConnection.PgConnection>> = { append: [], general: [] }
  private readonly watcher: PgConnection.PgConnection

  private constructor(
    { name, url }: Pick<Server, "name"> & { readonly url: Redacted.Redacted },
    scope: Scope.Closeable,
    watcher: PgConnection.PgConnection
  ) {
    this.name = name
    this.url = url
    this.scope = scope
    this.watcher = watcher
  }

  static async open(name: string, url: Redacted.Redacted): Promise<Server> {
    const scope = Scope.makeUnsafe()
    return new Server({ name, url }, scope, await Effect.runPromise(Scope.provide(PgConnection.make({ url }), scope)))
  }

  close(): Promise<void> {
    return Effect.runPromise(Scope.close(this.scope, Exit.void))
  }

  async take(kind: ClientKind): Promise<PgConnection.PgConnection> {
    return this.idle[kind].pop() ?? await Effect.runPromise(Scope.provide(
      PgConnection.make({ url: this.url, applicationName: "simulation", startupParameters: settings[kind] }),
      this.scope
    ))
  }

  giveBack(kind: ClientKind, connection: PgConnection.PgConnection): void {
    this.idle[kind].push(connection)
  }

  /**
   * Of these connections, of whatever server, those that wait for a lock. PostgreSQL grants locks
   * before it answers whoever gave them up.
   */
  async waiting(connections: ReadonlyArray<PgConnection.PgConnection>): Promise<ReadonlySet<number>> {
    const pids = connections.map(({ processId }) => processId).join(",")
    return new Set(
      (await this.ask<{ pid: number }>(`select pid from pg_locks where not granted and pid in (${pids})`)).map(({ pid }) => pid)
    )
  }

  async cancel({ processId }: PgConnection.PgConnection): Promise<void> {
    await this.ask(`select pg_cancel_backend(${processId})`)
  }

  /** For checks, beside everything that is simulated. */
  async ask<A>(sql: string, params: ReadonlyArray<unknown> = []): Promise<ReadonlyArray<A>> {
    const { rows } = await Effect.runPromise(this.watcher.query(sql, params))
    // What the caller has written in the statement.
    return rows as ReadonlyArray<unknown> as ReadonlyArray<A>
  }
}
