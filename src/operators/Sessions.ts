import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { hash, randomBytes } from "node:crypto"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { ApiKeys, keyHash, type Principal, type UnknownApiKey } from "../tenants/ApiKeys.ts"
import type { RateExceeded } from "../tenants/RateLimits.ts"
import { OperatorKey } from "./OperatorKey.ts"

/** Who is signed in: the operator, or who has a tenant's key. */
export type Viewer = { readonly _tag: "Operator" } | { readonly _tag: "Tenant"; readonly principal: Principal }

/** A session that is open. */
export interface Session {
  readonly viewer: Viewer
  /** What a form must carry. Another site cannot know it. */
  readonly csrf: string
}

/** A session ends after so long without a page, and after so long in any case. */
const idleTime = "30 minutes"
const longest = "12 hours"
/** A session notes a use so often at most, because each is a write. */
const noteEvery = "1 minute"
/** The sessions of a key. The one that was used longest ago makes place for a new one. */
const perKey = 50

/**
 * Who is signed in to the console (docs/console.md#signing-in).
 *
 * A session belongs to the key that opened it. It ends with the key, after 30 minutes without a
 * page, and after 12 hours. Every process of the service knows it. Each method fails with
 * `DatabaseUnavailable` if the home database did not answer.
 */
export class Sessions extends Context.Service<Sessions, {
  /**
   * Opens a session with an operator key or a tenant's key. The token is for the browser's cookie.
   *
   * - `UnknownApiKey`: it is no key, or a revoked one.
   * - `RateExceeded`: the address tries too many unknown keys.
   */
  readonly signIn: (
    key: Redacted.Redacted,
    address: string
  ) => Effect.Effect<Redacted.Redacted, UnknownApiKey | RateExceeded | DatabaseUnavailable>
  /**
   * The open session of a token; undefined if there is none any more.
   *
   * A `page` keeps the session open. What a page asks for by itself does not.
   */
  readonly find: (
    token: Redacted.Redacted,
    by: "Page" | "Itself"
  ) => Effect.Effect<Session | undefined, DatabaseUnavailable>
  /** Ends a session. There may be none. */
  readonly signOut: (token: Redacted.Redacted) => Effect.Effect<void, DatabaseUnavailable>
}>()("playtally/operators/Sessions") {
  static readonly layer = Layer.effect(
    Sessions,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const keys = yield* ApiKeys
      const operator = yield* OperatorKey

      const signIn = Effect.fn("Sessions.signIn")(function*(key: Redacted.Redacted, address: string) {
        const hashOfKey = keyHash(key)
        const isOperator = operator.isOf(hashOfKey)
        if (!isOperator) yield* keys.authenticate(key, address)
        const token = Redacted.make(randomBytes(32).toString("base64url"))
        yield* sql`
          with gone as (
            delete from console_sessions
            where seen_at < clock_timestamp() - ${idleTime}::interval
               or created_at < clock_timestamp() - ${longest}::interval
               or token_hash in (
                 select token_hash from console_sessions where key_hash = decode(${hashOfKey}, 'hex')
                 order by seen_at desc offset ${perKey - 1}
               )
          )
          insert into console_sessions (token_hash, key_hash, is_operator)
          values (decode(${tokenHash(token)}, 'hex'), decode(${hashOfKey}, 'hex'), ${isOperator})`.pipe(unavailable("Sessions.signIn"))
        return token
      })

      const viewerOf = (row: { readonly key_hash: string; readonly is_operator: boolean }) =>
        row.is_operator
          ? Effect.succeed<Viewer | undefined>(operator.isOf(row.key_hash) ? { _tag: "Operator" } : undefined)
          : Effect.map(keys.recall(row.key_hash), (principal): Viewer => ({ _tag: "Tenant", principal })).pipe(
            Effect.catchTag("UnknownApiKey", () => Effect.succeed(undefined))
          )

      const find = Effect.fn("Sessions.find")(function*(token: Redacted.Redacted, by: "Page" | "Itself") {
        const [row] = yield* sql<{ readonly key_hash: string; readonly is_operator: boolean; readonly is_old: boolean }>`
          select encode(key_hash, 'hex') as key_hash, is_operator, seen_at < clock_timestamp() - ${noteEvery}::interval as is_old
          from console_sessions
          where token_hash = decode(${tokenHash(token)}, 'hex')
            and seen_at > clock_timestamp() - ${idleTime}::interval
            and created_at > clock_timestamp() - ${longest}::interval`.pipe(unavailable("Sessions.find"))
        if (row === undefined) return undefined
        const viewer = yield* viewerOf(row)
        if (viewer === undefined) return undefined
        if (by === "Page" && row.is_old) {
          yield* sql`
            update console_sessions set seen_at = clock_timestamp()
            where token_hash = decode(${tokenHash(token)}, 'hex')`.pipe(unavailable("Sessions.find"))
        }
        return { viewer, csrf: csrfOf(token) }
      })

      const signOut = Effect.fn("Sessions.signOut")(
        (token: Redacted.Redacted) => sql`delete from console_sessions where token_hash = decode(${tokenHash(token)}, 'hex')`,
        Effect.asVoid,
        unavailable("Sessions.signOut")
      )

      return Sessions.of({ signIn, find, signOut })
    })
  )
}

const tokenHash = (token: Redacted.Redacted): string => hash("sha256", Redacted.value(token), "hex")

/** It follows from the token, which scripts of the page cannot read, and tells nothing about it. */
const csrfOf = (token: Redacted.Redacted): string => hash("sha256", `playtally form\0${Redacted.value(token)}`, "base64url")
