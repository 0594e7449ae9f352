import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { SqlError } from "effect/sql"
import { LogHistories } from "../event-log/LogHistories.ts"
import { servesAll } from "../event-log/statements/servedSlices.ts"
import { copyTenant } from "../tenants/copyTenant.ts"
import type { TenantId } from "../values/TenantId.ts"
import { homeServer, type PartitionEntry } from "./PartitionMap.ts"
import { PartitionUnavailable } from "./PartitionUnavailable.ts"

/** How long a caller waits for a partition that is being opened. */
const patience = "2 seconds"

/** One partition in one place, while this process uses it: its services, once they are there. */
export class OpenPartition<S> {
  /** The entry of the directory, as it was last read. */
  entry: PartitionEntry
  /** Closes with the services. */
  readonly scope: Scope.Closeable
  /** True once the directory has the partition elsewhere. It closes when the last use has ended. */
  isLeft = false
  /** Why there are no services. */
  failure: unknown = new Error("The partition is being opened.")
  private opened: Context.Context<S | PgClient.PgClient> | undefined
  private uses = 0
  private readonly ready = Deferred.makeUnsafe<void>()
  private readonly knownTenants = new Set<TenantId>()
  private readonly looking = Semaphore.makeUnsafe(1)
  private asked = 0
  private answered = 0

  constructor(entry: PartitionEntry, scope: Scope.Closeable) {
    this.entry = entry
    this.scope = scope
  }

  /** Waits until the partition is open. */
  get isReady(): Effect.Effect<void> {
    return Deferred.await(this.ready)
  }

  /** The services; undefined as long as the partition is not open. */
  get services(): Context.Context<S> | undefined {
    return this.opened
  }

  /** Has the partition be open with these services. */
  openWith(services: Context.Context<S | PgClient.PgClient>): void {
    this.opened = services
    // Tenants may be lost with events, and are copied again then.
    Context.getOption(services, LogHistories).pipe((histories) => {
      if (histories._tag === "Some") histories.value.onNewHistory(() => this.knownTenants.clear())
    })
    Deferred.doneUnsafe(this.ready, Exit.void)
  }

  /** The error that says that the partition does not answer, and why. */
  readonly unavailable = (cause: unknown): PartitionUnavailable =>
    new PartitionUnavailable({ partition: this.entry.partition, server: this.entry.server, cause })

  /** Uses the services. The partition is not closed meanwhile. */
  readonly use = <A, E, R>(
    run: (services: Context.Context<S | PgClient.PgClient>) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | PartitionUnavailable, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        this.uses++
      }),
      () => this.opened === undefined ? Effect.flatMap(this.waitForServices, run) : run(this.opened),
      () =>
        Effect.suspend(() => {
          this.uses--
          return this.closeIfLeft
        })
    )

  /** Closes the services if the partition is left and nobody uses it. */
  get closeIfLeft(): Effect.Effect<void> {
    return this.isLeft && this.uses === 0 ? Effect.asVoid(Effect.forkDetach(Scope.close(this.scope, Exit.void))) : Effect.void
  }

  /**
   * Whether the database has served the whole partition up to a moment after this call.
   *
   * Calls that come while a look is under way share the next one.
   */
  readonly servedUntilNow: Effect.Effect<boolean, SqlError.SqlError | PartitionUnavailable> = Effect.suspend(() => {
    const nth = ++this.asked
    return this.looking.withPermit(Effect.gen({ self: this }, function*() {
      if (this.answered >= nth) return true
      const upTo = this.asked
      const sql = Context.get(yield* this.waitForServices, PgClient.PgClient)
      if (!(yield* servesAll(sql, this.entry))) return false
      this.answered = upTo
      return true
    }))
  })

  /** Whether the database is known to know a tenant. */
  knows(tenantId: TenantId): boolean {
    return this.entry.server === homeServer || this.knownTenants.has(tenantId)
  }

  /** Makes sure that the database knows a tenant, which `home` has. */
  readonly knowTenant = (home: PgClient.PgClient, tenantId: TenantId): Effect.Effect<void, SqlError.SqlError | PartitionUnavailable> =>
    Effect.suspend(() => {
      if (this.knows(tenantId)) return Effect.void
      return Effect.gen({ self: this }, function*() {
        const sql = Context.get(yield* this.waitForServices, PgClient.PgClient)
        yield* copyTenant(tenantId, { from: home, to: sql })
        this.knownTenants.add(tenantId)
      })
    })

  private readonly waitForServices = Effect.suspend(() =>
    Effect.andThen(
      this.opened === undefined ? Effect.timeoutOption(Deferred.await(this.ready), patience) : Effect.void,
      Effect.suspend(() => this.opened === undefined ? Effect.fail(this.unavailable(this.failure)) : Effect.succeed(this.opened))
    )
  )
}
