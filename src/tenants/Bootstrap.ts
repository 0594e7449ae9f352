import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomBytes } from "node:crypto"
import { DatabaseUrl } from "../database/DatabaseUrl.ts"
import { cli } from "../platform/cli.ts"
import { Settings } from "../platform/Settings.ts"
import { ApiKeys } from "./ApiKeys.ts"
import { Tenants } from "./Tenants.ts"

/** The tenant that a new installation starts with. */
export const bootstrapTenant = "demo"

/**
 * Where the first tenant's key comes from: made just now, kept in a file since an earlier start, or
 * given as a setting. There may be none.
 */
export type BootstrapKey =
  | { readonly _tag: "Made"; readonly key: Redacted.Redacted; readonly file: string }
  | { readonly _tag: "Kept"; readonly file: string }
  | { readonly _tag: "Given" }
  | { readonly _tag: "None" }

/**
 * The least length of a given key: a shorter one can be guessed. Keys made here have 46 characters.
 */
const leastLength = 32

/** The given key is too short. The message says where it comes from, and never what it is. */
export class WeakBootstrapKey
  extends Schema.TaggedError<WeakBootstrapKey>("playtally/tenants/WeakBootstrapKey")("WeakBootstrapKey", { message: Schema.String })
{}

const strong = (key: string, from: string, advice: string): Effect.Effect<Redacted.Redacted, WeakBootstrapKey> =>
  key.length >= leastLength ? Effect.succeed(Redacted.make(key)) : Effect.fail(
    new WeakBootstrapKey({ message: `${from} has ${key.length} characters, and a key needs at least ${leastLength}: ${advice}` })
  )

/**
 * The tenant `demo` with a key of all scopes (docs/design.md#starting-and-stopping).
 *
 * It gives a first start something to try. The key is BOOTSTRAP_API_KEY, or a random one that is
 * kept in DATA_DIR. Another key replaces the one before and revokes it. With DATABASE_URL and no
 * BOOTSTRAP_API_KEY no tenant is made, because that database has its own tenants.
 */
export class Bootstrap extends Context.Service<Bootstrap, { readonly key: BootstrapKey }>()("playtally/tenants/Bootstrap") {
  static readonly layer = Layer.effect(
    Bootstrap,
    Effect.gen(function*() {
      const { bootstrap, dataDir } = yield* Settings
      const { embedded } = yield* DatabaseUrl
      const tenants = yield* Tenants
      const keys = yield* ApiKeys

      /** Warns of a setting that has no effect on a tenant that exists already. */
      const tellZone = (timeZone: string) =>
        Option.isSome(bootstrap.timeZone) && bootstrap.timeZone.value !== timeZone
          ? Effect.logWarning(
            `BOOTSTRAP_TIME_ZONE is ${bootstrap.timeZone.value}, and the days of tenant "${bootstrapTenant}" begin in ${timeZone}. It is for a new tenant only. This changes the zone: ${cli} tenants set-zone ${bootstrapTenant} ${bootstrap.timeZone.value}`
          )
          : Effect.void

      const ensure = (key: Redacted.Redacted, from: string) =>
        Effect.gen(function*() {
          const tenant = yield* Effect.catchTag(
            tenants.create(bootstrapTenant, Option.getOrElse(bootstrap.timeZone, () => "UTC")),
            "TenantExists",
            ({ name }) => tenants.get(name)
          )
          yield* tellZone(tenant.timeZone)
          const { replaced, revoked } = yield* keys.ensure(tenant, key)
          if (replaced) {
            yield* Effect.logWarning(`${from} is another one than before: the one before is revoked, in every process within 2 seconds.`)
          }
          if (revoked) yield* Effect.logWarning(`${from} was revoked by a command, and stays so: nobody can use it.`)
        })

      if (Option.isSome(bootstrap.apiKey)) {
        const key = yield* strong(Redacted.value(bootstrap.apiKey.value), "BOOTSTRAP_API_KEY", "`openssl rand -hex 32` makes one.")
        yield* ensure(key, "BOOTSTRAP_API_KEY")
        return Bootstrap.of({ key: { _tag: "Given" } })
      }
      if (!embedded) return Bootstrap.of({ key: { _tag: "None" } })
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const file = path.join(dataDir, "bootstrap-api-key")
      if (yield* fs.exists(file)) {
        const from = `The key in ${file}`
        yield* ensure(yield* strong((yield* fs.readFileString(file)).trim(), from, "remove the file, and a new key is made."), from)
        return Bootstrap.of({ key: { _tag: "Kept", file } })
      }
      const key = Redacted.make(`pt_${randomBytes(32).toString("base64url")}`)
      yield* fs.writeFileString(file, `${Redacted.value(key)}\n`, { mode: 0o600 })
      yield* ensure(key, `The key in ${file}`)
      return Bootstrap.of({ key: { _tag: "Made", key, file } })
    })
  )
}
