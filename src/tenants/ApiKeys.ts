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
import { hash as hashOf, randomBytes, timingSafeEqual } from "node:crypto"
import { DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { KeyClient } from "../database/KeyClient.ts"
import { Migrations } from "../database/Migrations.ts"
import { steadyTime } from "../platform/monotonicClock.ts"
import { known } from "../values/known.ts"
import type { TenantId } from "../values/TenantId.ts"
import { KnownKeys } from "./KnownKeys.ts"
import { KeyGrace, LastPrincipals } from "./LastPrincipals.ts"
import { monotonicMillis, type RateExceeded, unlessWaiting } from "./RateLimits.ts"
import type { Scope, Tenant } from "./Tenant.ts"
import { TokenBuckets } from "./TokenBuckets.ts"

/** The key does not exist or is revoked. The error does not tell which. */
export class UnknownApiKey extends Schema.TaggedError<UnknownApiKey>("playtally/tenants/UnknownApiKey")("UnknownApiKey", {}) {}

/** The tenant has no key of that id. */
export class ApiKeyNotFound extends Schema.TaggedError<ApiKeyNotFound>("playtally/tenants/ApiKeyNotFound")("ApiKeyNotFound", {
  apiKeyId: Schema.String
}) {}

/** The tenant that a key speaks for, and what it permits. */
export interface Principal {
  readonly tenant: Tenant
  readonly scopes: ReadonlySet<Scope>
  /** The name of the key, not the key itself. */
  readonly keyName: string
}

/** What may be shown of a key: never the key itself. */
export interface ApiKey {
  readonly apiKeyId: string
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly createdAt: Date
  readonly revokedAt: Date | null
}

/** How long a revoked key may still be accepted, and how long an unknown one is remembered. */
const cacheTtl = "2 seconds"
const cacheCapacity = 10_000

/** How many keys are known to be valid before they are used. Beyond that, the newest are. */
const knownCapacity = 100_000

/**
 * The least time between two looks for keys that other processes have made, in milliseconds. They
 * happen while unknown keys are tried.
 */
const refreshInterval = 1000

/**
 * How long a look-up may take. Requests wait for it, so one without an answer would hold them all.
 */
const patience = "3 seconds"
/** The same for a key that may be accepted without an answer: see {@link KeyGrace}. */
const patienceWithLast = "1 second"

/** The unknown keys that one address may try. Beyond that rate they are not even looked up. */
const unknownKeys = { perSecond: 10, burst: 100 }
/** The unknown keys looked up at once. A flood of them leaves connections to the other requests. */
const lookupsAtOnce = 2

/**
 * The tenants' keys.
 *
 * Only a key's SHA-256 is stored and compared. The database finds it by its first 4 bytes, so the
 * time of an answer tells no more than those. The rest is compared in constant time.
 *
 * Each method fails with `DatabaseUnavailable` if the database did not answer. Repeat the call.
 */
export class ApiKeys extends Context.Service<ApiKeys, {
  /**
   * Finds the tenant and the scopes of a key.
   *
   * A key that was revoked elsewhere may be accepted for another 2 seconds. Unknown keys are
   * counted by the `address` they come from. A valid key is not refused for unknown ones from its
   * address: keys that exist at the start are known from then on. A key that another process has
   * made is looked up at once, or is known within a second if unknown keys have used up the rate.
   *
   * - `UnknownApiKey`: the key does not exist or is revoked.
   * - `RateExceeded`: the address tries too many unknown keys, and this one was not looked up.
   */
  readonly authenticate: (
    key: Redacted.Redacted,
    address?: string
  ) => Effect.Effect<Principal, UnknownApiKey | RateExceeded | DatabaseUnavailable>
  /**
   * Finds the same for a key that was authenticated before, by its {@link keyHash}.
   *
   * `UnknownApiKey`: the key has been revoked.
   */
  readonly recall: (hash: string) => Effect.Effect<Principal, UnknownApiKey | DatabaseUnavailable>
  /** Makes a key. The answer is the only place that ever has the key itself. */
  readonly create: (
    tenant: Tenant,
    name: string,
    scopes: ReadonlyArray<Scope>
  ) => Effect.Effect<{ readonly apiKeyId: string; readonly key: Redacted.Redacted }, DatabaseUnavailable>
  /**
   * Makes the given key the tenant's bootstrap key, with all scopes, in one transaction.
   *
   * It revokes the bootstrap key before. A key that was revoked in this way is valid again when it
   * is given again. `replaced` says whether another key was revoked. `revoked` says that the given
   * key was revoked by `revoke`, and stays so.
   */
  readonly ensure: (
    tenant: Tenant,
    key: Redacted.Redacted
  ) => Effect.Effect<{ readonly replaced: boolean; readonly revoked: boolean }, DatabaseUnavailable>
  /** The tenant's keys, revoked ones too, the oldest first. */
  readonly list: (tenant: Tenant) => Effect.Effect<ReadonlyArray<ApiKey>, DatabaseUnavailable>
  /**
   * Revokes a key for good. Other processes refuse it within 2 seconds. A repetition changes
   * nothing.
   *
   * `ApiKeyNotFound`: the tenant has no key of that id.
   */
  readonly revoke: (tenant: Tenant, apiKeyId: string) => Effect.Effect<void, ApiKeyNotFound | DatabaseUnavailable>
}>()("playtally/tenants/ApiKeys") {
  static readonly layer = Layer.effect(
    ApiKeys,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const keys = yield* KeyClient

      const knownKeys = new KnownKeys(knownCapacity)
      const lookups = Semaphore.makeUnsafe(lookupsAtOnce)
      const grace = yield* KeyGrace
      const last = new LastPrincipals<Principal>(cacheCapacity)
      const now = yield* monotonicMillis
      const lastOf = (hash: string) => last.within(hash, grace(), now())
      const lookup = (hash: string) =>
        keys<PrincipalRow>`
          select t.tenant_id, t.name, t.time_zone, t.week_start, t.key_namespace, k.scopes, k.name as key_name, encode(k.key_hash, 'hex') as key_hash
          from api_keys k join tenants t using (tenant_id)
          where k.key_hash between decode(${hash.slice(0, 8).padEnd(64, "0")}, 'hex') and decode(${hash.slice(0, 8).padEnd(64, "f")}, 'hex')
            and k.revoked_at is null`.pipe(
          // A key in use does not wait for keys that are tried out.
          (query) => knownKeys.has(hash) ? query : lookups.withPermit(query),
          Effect.map((rows) => Option.map(Option.fromNullishOr(rows.find((row) => isSame(row.key_hash, hash))), toPrincipal)),
          unavailable("ApiKeys.authenticate"),
          Effect.timeoutOrElse({
            duration: lastOf(hash) === undefined ? patience : patienceWithLast,
            orElse: () => Effect.fail(new DatabaseUnavailable({ operation: "ApiKeys.authenticate", cause: new Error("no answer in time") }))
          }),
          Effect.tap((found) => Effect.sync(() => last.note(hash, Option.getOrUndefined(found), now()))),
          Effect.catch((error) => {
            const principal = lastOf(hash)
            return principal === undefined ? Effect.fail(error) : Effect.succeed(Option.some(principal))
          })
        )
      // A failed look-up is not kept.
      const principals = yield* Cache.makeWith(lookup, {
        capacity: cacheCapacity,
        timeToLive: (exit) => Exit.isSuccess(exit) ? cacheTtl : 0
      })
      const steadily = yield* steadyTime
      // On the wall clock, a revoked key would be accepted for as long as the clock was set back.
      const principalOf = (hash: string) => steadily(Cache.get(principals, hash))
      const attempts = new TokenBuckets(unknownKeys.perSecond, unknownKeys.burst, yield* monotonicMillis)

      let loadedAt = "-infinity"
      // A key can be seen once its transaction has ended, which takes far less than ten minutes.
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
          if (hash !== null) knownKeys.add(hash)
        }
      }).pipe(
        Effect.timeout(patience),
        // Nothing is lost: a valid key becomes known when it is looked up.
        Effect.catch((error) => Effect.logDebug("The keys were not loaded", error))
      )
      yield* load

      const scope = yield* Effect.scope
      let lastRefresh = now()
      /** Looks for keys that other processes have made, unless it has just done so. */
      const refresh = Effect.suspend(() => {
        if (now() - lastRefresh < refreshInterval) return Effect.void
        lastRefresh = now()
        return Effect.asVoid(Effect.forkIn(load, scope))
      })

      /**
       * Hashes that are being tried. Other requests with the same hash wait for the same answer.
       */
      const tried = new Set<string>()

      /**
       * Looks up a hash that may be a guess.
       *
       * The attempt is charged in advance, and given back unless the key is unknown.
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
        const hash = keyHash(key)
        const principal = yield* knownKeys.has(hash) || tried.has(hash) ? principalOf(hash) : tryOut(hash, address)
        if (Option.isNone(principal)) {
          if (knownKeys.delete(hash)) attempts.charge(address, 1)
          return yield* new UnknownApiKey()
        }
        knownKeys.add(hash)
        return principal.value
      })

      const recall = Effect.fn("ApiKeys.recall")(function*(hash: string) {
        const principal = yield* principalOf(hash)
        return Option.isSome(principal) ? principal.value : yield* new UnknownApiKey()
      })

      const create = Effect.fn("ApiKeys.create")(function*(tenant: Tenant, name: string, scopes: ReadonlyArray<Scope>) {
        const key = Redacted.make(`pt_${randomBytes(32).toString("base64url")}`)
        const rows = yield* sql<{ api_key_id: string }>`
          insert into api_keys (tenant_id, name, key_hash, scopes)
          values (${tenant.tenantId}::uuid, ${name}, decode(${keyHash(key)}, 'hex'), ${[...scopes]}::text[])
          returning api_key_id`.pipe(unavailable("ApiKeys.create"))
        return { apiKeyId: known(rows[0], "row of the key that was made").api_key_id, key }
      })

      const ensure = Effect.fn("ApiKeys.ensure")(
        function*(tenant: Tenant, key: Redacted.Redacted) {
          const hash = keyHash(key)
          // If several processes start at once with different keys, the last one here wins.
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
          // A replaced key becomes valid again. A key that was just made, or that came with an
          // imported log, is found by its name.
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
          return { replaced: former.length > 0, revoked: known(row, "row of the bootstrap key").revoked }
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

      return ApiKeys.of({ authenticate, recall, create, ensure, list, revoke })
    })
  )
}

const isSame = (hash: string, other: string): boolean => timingSafeEqual(Buffer.from(hash), Buffer.from(other))

/** The SHA-256 of a key in hexadecimal digits, which is all that is stored of it. */
export const keyHash = (key: Redacted.Redacted): string => hashOf("sha256", Redacted.value(key), "hex")

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
