import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomBytes, timingSafeEqual } from "node:crypto"
import { DatabaseUrl } from "../database/DatabaseUrl.ts"
import { Settings } from "../platform/Settings.ts"
import { keyHash } from "../tenants/ApiKeys.ts"

/** The least length of a given key, as of a bootstrap key: a shorter one can be guessed. */
const leastLength = 32

/** The operator key is too short. The message says where it comes from, and never what it is. */
export class WeakOperatorKey
  extends Schema.TaggedError<WeakOperatorKey>("playtally/operators/WeakOperatorKey")("WeakOperatorKey", { message: Schema.String })
{}

/**
 * Where the key comes from.
 *
 * - `Given`: the setting `OPERATOR_KEY`.
 * - `Kept`: a file in DATA_DIR, which the first start on the embedded database makes.
 * - `None`: nobody can sign in as the operator.
 */
export type OperatorKeySource = { readonly _tag: "Given" } | { readonly _tag: "Kept"; readonly file: string } | { readonly _tag: "None" }

/**
 * The key that opens everything in the console (docs/console.md#signing-in).
 *
 * It opens no endpoint of the API: those are the tenants'.
 */
export class OperatorKey extends Context.Service<OperatorKey, {
  readonly source: OperatorKeySource
  /** Whether a {@link keyHash} is that of the operator key, in constant time. */
  readonly isOf: (hash: string) => boolean
}>()("playtally/operators/OperatorKey") {
  /** Fails with {@link WeakOperatorKey} for a key that is too short. */
  static readonly layer = Layer.effect(
    OperatorKey,
    Effect.gen(function*() {
      const { dataDir, operatorKey } = yield* Settings
      const { embedded } = yield* DatabaseUrl
      if (Option.isSome(operatorKey)) return yield* make(operatorKey.value, { _tag: "Given" })
      if (!embedded) return OperatorKey.of({ source: { _tag: "None" }, isOf: () => false })
      const fs = yield* FileSystem.FileSystem
      const file = (yield* Path.Path).join(dataDir, "operator-key")
      const read = Effect.map(fs.readFileString(file), (text) => Redacted.make(text.trim()))
      // Several processes may start at once: the first to make the file decides.
      const made = Redacted.make(`po_${randomBytes(32).toString("base64url")}`)
      const key = yield* fs.writeFileString(file, `${Redacted.value(made)}\n`, { mode: 0o600, flag: "wx" }).pipe(
        Effect.as(made),
        Effect.catchIf(({ reason }) => reason._tag === "AlreadyExists", () => read)
      )
      return yield* make(key, { _tag: "Kept", file })
    })
  )
}

const make = (key: Redacted.Redacted, source: OperatorKeySource) => {
  const { length } = Redacted.value(key)
  if (length < leastLength) {
    const [from, advice] = source._tag === "Kept"
      ? [`The key in ${source.file}`, "remove the file, and a new key is made."]
      : ["OPERATOR_KEY", "`openssl rand -hex 32` makes one."]
    return Effect.fail(
      new WeakOperatorKey({ message: `${from} has ${length} characters, and a key needs at least ${leastLength}: ${advice}` })
    )
  }
  const own = Buffer.from(keyHash(key))
  return Effect.succeed(OperatorKey.of({ source, isOf: (hash) => timingSafeEqual(Buffer.from(hash), own) }))
}
