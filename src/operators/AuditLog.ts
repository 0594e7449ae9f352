import { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { known } from "../values/known.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { Viewer } from "./Sessions.ts"

/** A change that somebody asks for. */
export interface Change {
  /** What is done, as a word or two: `erase user`. */
  readonly action: string
  /** What it is done to. A user is named by the reference, never by the id. */
  readonly target: string
  /** The tenant whose data change; none if the change is of the whole service. */
  readonly tenantId?: TenantId | undefined
}

/** A change as the list has it. */
export interface AuditEntry {
  readonly id: number
  readonly at: Date
  /** `operator`, or the names of a tenant and its key. */
  readonly actor: string
  /** The name of the tenant whose data changed. */
  readonly tenant: string | undefined
  readonly action: string
  readonly target: string
  /** `begun` is also what a change has that its process did not live to end. */
  readonly outcome: "begun" | "done" | "failed"
  readonly detail: string | undefined
}

/** The entries that are kept. The oldest make place. */
const kept = 1_000_000
/** The characters of a target and of a detail. */
const longest = 1000

/**
 * The changes that were made from the console: who, what, when, and how it ended.
 *
 * An entry is written before its change begins. Each method fails with `DatabaseUnavailable` if the
 * home database did not answer: then the change has not begun.
 */
export class AuditLog extends Context.Service<AuditLog, {
  /** Records a change, makes it, and records how it ended. */
  readonly record: <A, E, R>(
    viewer: Viewer,
    change: Change,
    make: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | DatabaseUnavailable, R>
  /** The newest entries before an id: those of a tenant, or all. */
  readonly list: (options: {
    readonly tenantId?: TenantId | undefined
    readonly before?: number | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<AuditEntry>, DatabaseUnavailable>
}>()("playtally/operators/AuditLog") {
  static readonly layer = Layer.effect(
    AuditLog,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient

      const begin = Effect.fn("AuditLog.begin")(
        function*(actor: string, { action, target, tenantId }: Change) {
          // Changes are few, and their entries are numbered one after the other.
          yield* sql`select pg_advisory_xact_lock(hashtext('playtally audit'))`
          const [row] = yield* sql<{ readonly id: number }>`
          with entry as (
            insert into audit_entries (audit_entry_id, actor, tenant_id, action, target)
            select coalesce(max(audit_entry_id), 0) + 1, ${actor}, ${tenantId ?? null}::uuid, ${action}, ${target.slice(0, longest)}
            from audit_entries
            returning audit_entry_id
          ), gone as (
            delete from audit_entries a using entry e where a.audit_entry_id <= e.audit_entry_id - ${kept}
          )
          select audit_entry_id::float8 as id from entry`
          return known(row, "entry of the audit that was made").id
        },
        sql.withTransaction,
        unavailable("AuditLog.record")
      )

      const end = Effect.fn("AuditLog.end")(
        (id: number, { detail, outcome }: { readonly outcome: "done" | "failed"; readonly detail?: string | undefined }) =>
          sql`
            update audit_entries set outcome = ${outcome}, detail = ${detail?.slice(0, longest) ?? null}
            where audit_entry_id = ${id}`,
        // The change is made or not, whatever is noted of it.
        Effect.catch((error) => Effect.logWarning("The end of a change could not be recorded in the audit", error))
      )

      const record = <A, E, R>(viewer: Viewer, change: Change, make: Effect.Effect<A, E, R>) =>
        Effect.flatMap(begin(actorOf(viewer), change), (id) =>
          Effect.onExit(make, (exit) =>
            exit._tag === "Success"
              ? end(id, { outcome: "done" })
              : end(id, { outcome: "failed", detail: Cause.pretty(exit.cause).split("\n")[0] })))

      const list = Effect.fn("AuditLog.list")(function*(
        { before, limit, tenantId }: {
          readonly tenantId?: TenantId | undefined
          readonly before?: number | undefined
          readonly limit: number
        }
      ) {
        const rows = yield* sql<AuditRow>`
          select a.audit_entry_id::float8 as id, a.at, a.actor, t.name as tenant, a.action, a.target, a.outcome, a.detail
          from audit_entries a left join tenants t using (tenant_id)
          where (${tenantId ?? null}::uuid is null or a.tenant_id = ${tenantId ?? null}::uuid)
            and (${before ?? null}::bigint is null or a.audit_entry_id < ${before ?? null}::bigint)
          order by a.audit_entry_id desc limit ${limit}`
        return rows.map((row): AuditEntry => ({ ...row, tenant: row.tenant ?? undefined, detail: row.detail ?? undefined }))
      }, unavailable("AuditLog.list"))

      return AuditLog.of({ record, list })
    })
  )
}

interface AuditRow extends Omit<AuditEntry, "tenant" | "detail"> {
  readonly tenant: string | null
  readonly detail: string | null
}

/** The name of a viewer in the list: never a key. */
export const actorOf = (viewer: Viewer): string =>
  viewer._tag === "Operator" ? "operator" : `${viewer.principal.tenant.name} / ${viewer.principal.keyName}`
