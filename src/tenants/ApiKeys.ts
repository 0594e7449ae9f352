import { PgClient } from "@effect/sql-pg"
import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { KeyClient } from "../database/KeyClient.ts"
import { Migrations } from "../database/Migrations.ts"
import { steadyTime } from "../platform/monotonicClock.ts"
import type { TenantId } from "../values/TenantId.ts"
import { KnownKeys } from "./KnownKeys.ts"
import { monotonicMillis, type RateExceeded, unlessWaiting } from "./RateLimits.ts"
import type { Scope, Tenant } from "./Tenant.ts"
import { TokenBuckets } from "./TokenBuckets.ts"

/** The key is not one of ours, or has been revoked. Which of the two is not told. */
export class UnknownApiKey extends Schema.TaggedError<UnknownApiKey>("playtally/tenants/UnknownApiKey")("UnknownApiKey", {}) {}

/** There is no key of that id. */
export class ApiKeyNotFound extends Schema.TaggedError<ApiKeyNotFound>("playtally/tenants/ApiKeyNotFound")("ApiKeyNotFound", {
  apiKeyId: Schema.String
}) {}

/** Who a key speaks for, and what it may do. */
export interface Principal {
  readonly tenant: Tenant
  readonly scopes: ReadonlySet<Scope>
  /** As the key is called; not the key itself. */
  readonly keyName: string
}

/** A key as it may be shown: never the key itself. */
export interface ApiKey {
  readonly apiKeyId: string
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly createdAt: Date
  readonly revokedAt: Date | null
}

/** How long a revoked key may still be taken, and how long an unknown one is remembered as such. */
const cacheTtl = "2 seconds"
const cacheCapacity = 10_000

/** Keys that are known to be valid before they are used; of more, the newest. */
const knownCapacity = 100_000

/** Milliseconds between two looks for keys that others have made, while unknown ones are tried. */
const refreshInterval = 1000

/**
 * How long a look-up may take: every request waits for it, and one that is not answered would hold
 * them all.
 */
const patience = "3 seconds"

/**
 * Keys that are not known to be valid, from one address: beyond these they are not even looked up.
 */
const unknownKeys = { perSecond: 10, burst: 100 }
/**
 * Keys looked up at a time, so that a flood of them leaves the database's connections to the
 * others.
 */
const lookupsAtOnce = 2

/**
 * The tenants' keys. Only a key's SHA-256 is stored and compared. The database finds it by its
 * first 4 bytes, all that the time of an answer could tell of it; the rest is compared in constant
 * time.
 */
export class ApiKeys extends Context.Service<ApiKeys, {
  /**
   * `address` is whose unknown keys are counted together. A valid key is never refused for the
   * others': those there are when the service starts are known from then on, one made by another
   * process is looked up at once, or known within a second where unknown ones are in its way.
   */
  readonly authenticate: (
    key: Redacted.Redacted,
    address?: string
  ) => Effect.Effect<Principal, UnknownApiKey | RateExceeded | DatabaseUnavailable>
  /** Makes a key and gives it, this once. */
  readonly create: (
    tenant: Tenant,
    name: string,
    scopes: ReadonlyArray<Scope>
  ) => Effect.Effect<{ readonly apiKeyId: string; readonly key: Redacted.Redacted }, DatabaseUnavailable>
  /**
   * Makes the given key the tenant's bootstrap key, with all scopes. It revokes the one before and
   * gives one back that it has revoked like that. `replaced` says whether there was another one.
   * `revoked` says that somebody has revoked this key, which it stays.
   */
  readonly ensure: (
    tenant: Tenant,
    key: Redacted.Redacted
  ) => Effect.Effect<{ readonly replaced: boolean; readonly revoked: boolean }, DatabaseUnavailable>
  readonly list: (tenant: Tenant) => Effect.Effect<ReadonlyArray<ApiKey>, DatabaseUnavailable>
  readonly revoke: (tenant: Tenant, apiKeyId: string) => Effect.Effect<void, ApiKeyNotFound | DatabaseUnavailable>
}>()("playtally/tenants/ApiKeys") {
  static readonly layer = Layer.effect(
    ApiKeys,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const keys = yield* KeyClient

      const known = new KnownKeys(knownCapacity)
      const lookups = Semaphore.makeUnsafe(lookupsAtOnce)
      const lookup = (hash: string) =>
        keys<PrincipalRow>`
          select t.tenant_id, t.name, t.time_zone, t.week_start, t.key_namespace, k.scopes, k.name as key_name, encode(k.key_hash, 'hex') as key_hash
          from api_keys k join tenants t using (tenant_id)
          where k.key_hash between decode(${hash.slice(0, 8).padEnd(64, "0")}, 'hex') and decode(${hash.slice(0, 8).padEnd(64, "f")}, 'hex')
            and k.revoked_at is null`.pipe(
          // A key in use waits for nobody who tries keys out.
          (query) => known.has(hash) ? query : lookups.withPermit(query),
          Effect.map((rows) => Option.map(Option.fromNullishOr(rows.find((row) => isSame(row.key_hash, hash))), toPrincipal)),
          unavailable("ApiKeys.authenticate"),
          Effect.timeoutOrElse({
            duration: patience,
            orElse: () => Effect.fail(new DatabaseUnavailable({ operation: "ApiKeys.authenticate", cause: new Error("no answer in time") }))
          })
        )
      // A look-up that failed is not an answer to keep.
      const principals = yield* Cache.makeWith(lookup, {
        capacity: cacheCapacity,
        timeToLive: (exit) => Exit.isSuccess(exit) ? cacheTtl : 0
      })
      const steadily = yield* steadyTime
      // Else a key that is revoked would be taken for as long as the clock was set back.
      const principalOf = (hash: string) => steadily(Cache.get(principals, hash))
      const attempts = new TokenBuckets(unknownKeys.perSecond, unknownKeys.burst, yield* monotonicMillis)

      let loadedAt = "-infinity"
      // A key is seen at the latest when its transaction ends, which is long before the ten minutes
      // are over.
      const load = Effect.gen(function*() {
        const rows = yield* sql<{ readonly hash: string | null; readonly now: string }>`
          select encode(substring(k.key_hash for 7), 'hex') as hash, now()::text as now
          from (select 1) one left join lateral (
            select key_hash, created_at from api_keys
            where revoked_at is null and created_at > ${loadedAt}::timestamptz - interval '10 minutes'
            order by created_at desc limit ${knownCapacity}
          ) k on true
          order by k.created_at`
        for (const { hash, now } of rows) {
          loadedAt = now
          if (hash !== null) known.add(hash)
        }
      }).pipe(
        Effect.timeout(patience),
        // Nothing is lost by it: a valid key is known once it has been looked up.
        Effect.catch((error) => Effect.logDebug("The keys were not loaded", error))
      )
      yield* load

      const scope = yield* Effect.scope
      const now = yield* monotonicMillis
      let lastRefresh = now()
      /** Looks for keys that others have made meanwhile, unless somebody has just done so. */
      const refresh = Effect.suspend(() => {
        if (now() - lastRefresh < refreshInterval) return Effect.void
        lastRefresh = now()
        return Effect.asVoid(Effect.forkIn(load, scope))
      })

      /**
       * Hashes that are being looked up for the first time: whoever sends the same one meanwhile
       * waits for the same answer.
       */
      const tried = new Set<string>()

      /**
       * Looks a hash up that may be anybody's guess. The attempt is paid for beforehand, and given
       * back unless the key is unknown.
       */
      const tryOut = (hash: string, address: string) =>
        Effect.uninterruptibleMask(Effect.fnUntraced(function*(restore) {
          yield* refresh
          yield* unlessWaiting(attempts.take(address, 1), { what: "unknown keys", perSecond: unknownKeys.perSecond })
          tried.add(hash)
          const exit = yield* Effect.exit(restore(principalOf(hash)))
          tried.delete(hash)
          if (Exit.isFailure(exit) || Option.isSome(exit.value)) attempts.charge(address, -1)
          return yield* exit
        }))

      const authenticate = Effect.fnUntraced(function*(key: Redacted.Redacted, address = "") {
        const hash = sha256(key)
        const principal = yield* known.has(hash) || tried.has(hash) ? principalOf(hash) : tryOut(hash, address)
        if (Option.isNone(principal)) {
          if (known.delete(hash)) attempts.charge(address, 1)
          return yield* new UnknownApiKey()
        }
        known.add(hash)
        return principal.value
      })

      const create = Effect.fn("ApiKeys.create")(function*(tenant: Tenant, name: string, scopes: ReadonlyArray<Scope>) {
        const key = Redacted.make(`pt_${randomBytes(32).toString("base64url")}`)
        const rows = yield* sql<{ api_key_id: string }>`
          insert into api_keys (tenant_id, name, key_hash, scopes)
          values (${tenant.tenantId}::uuid, ${name}, decode(${sha256(key)}, 'hex'), ${[...scopes]}::text[])
          returning api_key_id`.pipe(unavailable("ApiKeys.create"))
        return { apiKeyId: rows[0]?.api_key_id ?? "", key }
      })

      const ensure = Effect.fn("ApiKeys.ensure")(
        function*(tenant: Tenant, key: Redacted.Redacted) {
          const hash = sha256(key)
          // Of several processes that start at once with different keys, the last one to come here
          // wins.
          yield* sql`select 1 from tenants where tenant_id = ${tenant.tenantId}::uuid for no key update`
          const former = yield* sql`
            with replaced as (
              update bootstrap_keys b set replaced = true from api_keys k
              where k.api_key_id = b.api_key_id and not b.replaced
                and k.tenant_id = ${tenant.tenantId}::uuid and k.key_hash <> decode(${hash}, 'hex')
              returning b.api_key_id
            )
            update api_keys k set revoked_at = now() from replaced r where r.api_key_id = k.api_key_id
            returning 1 as replaced`
          yield* sql`
            insert into api_keys (tenant_id, name, key_hash, scopes)
            values (${tenant.tenantId}::uuid, 'bootstrap', decode(${hash}, 'hex'), ${["ingest", "read", "admin"]}::text[])
            on conflict (key_hash) do nothing`
          // One that was replaced comes back. One that has just been made, or came with an imported
          // log, is known by its name.
          yield* sql`
            with given as (
              select k.api_key_id from api_keys k left join bootstrap_keys b using (api_key_id)
              where k.key_hash = decode(${hash}, 'hex') and (b.replaced or (k.name = 'bootstrap' and k.revoked_at is null))
            ), current as (
              insert into bootstrap_keys (api_key_id) select api_key_id from given
              on conflict (api_key_id) do update set replaced = false
            )
            update api_keys k set revoked_at = null from given g where g.api_key_id = k.api_key_id and k.revoked_at is not null`
          const [row] = yield* sql<{ revoked: boolean }>`
            select revoked_at is not null as revoked from api_keys where key_hash = decode(${hash}, 'hex')`
          if (row === undefined) return yield* Effect.die(new Error("the bootstrap key has just been stored and is not there"))
          return { replaced: former.length > 0, revoked: row.revoked }
        },
        sql.withTransaction,
        unavailable("ApiKeys.ensure"),
        Effect.tap(() => Cache.invalidateAll(principals))
      )

      const list = Effect.fn("ApiKeys.list")(function*(tenant: Tenant) {
        const rows = yield* sql<ApiKeyRow>`
          select api_key_id, name, scopes, created_at, revoked_at from api_keys
          where tenant_id = ${tenant.tenantId}::uuid order by created_at`.pipe(unavailable("ApiKeys.list"))
        return rows.map(toApiKey)
      })

      const revoke = Effect.fn("ApiKeys.revoke")(function*(tenant: Tenant, apiKeyId: string) {
        const rows = yield* sql`
          with revoked as (
            update api_keys set revoked_at = coalesce(revoked_at, now())
            where tenant_id = ${tenant.tenantId}::uuid and api_key_id::text = ${apiKeyId}
            returning api_key_id
          ), gone as (delete from bootstrap_keys b using revoked r where b.api_key_id = r.api_key_id)
          select 1 as revoked from revoked`.pipe(unavailable("ApiKeys.revoke"))
        if (rows.length === 0) return yield* new ApiKeyNotFound({ apiKeyId })
        yield* Cache.invalidateAll(principals)
      })

      return ApiKeys.of({ authenticate, create, ensure, list, revoke })
    })
  )
}

const isSame = (hash: string, other: string): boolean => timingSafeEqual(Buffer.from(hash), Buffer.from(other))

const sha256 = (key: Redacted.Redacted): string => createHash("sha256").update(Redacted.value(key)).digest("hex")

interface PrincipalRow {
  readonly tenant_id: TenantId
  readonly name: string
  readonly time_zone: string
  readonly week_start: number
  readonly key_namespace: string
  readonly scopes: ReadonlyArray<Scope>
  readonly key_name: string
  readonly key_hash: string
}

const toPrincipal = (row: PrincipalRow): Principal => ({
  tenant: {
    tenantId: row.tenant_id,
    name: row.name,
    timeZone: row.time_zone,
    weekStart: row.week_start,
    keyNamespace: row.key_namespace
  },
  scopes: new Set(row.scopes),
  keyName: row.key_name
})

interface ApiKeyRow {
  readonly api_key_id: string
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly created_at: Date
  readonly revoked_at: Date | null
}

const toApiKey = (row: ApiKeyRow): ApiKey => ({
  apiKeyId: row.api_key_id,
  name: row.name,
  scopes: row.scopes,
  createdAt: row.created_at,
  revokedAt: row.revoked_at
})
