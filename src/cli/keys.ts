import { Argument, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type ApiKey, ApiKeys } from "../tenants/ApiKeys.ts"
import type { Scope } from "../tenants/Tenant.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"

const keysLayer = Layer.mergeAll(Tenants.layer, ApiKeys.layer).pipe(Layer.provide(checkedDatabase))

const tenant = nameArgument("tenant", "Name of the tenant")

const allScopes: ReadonlySet<string> = new Set<Scope>(["ingest", "read", "admin"])
const isScope = (text: string): text is Scope => allScopes.has(text)

const scopes = Flag.String("scopes").pipe(
  Flag.withDescription("What the key may do, separated by commas: ingest, read, admin"),
  Flag.filterMap((text) => {
    const named = new Set(text.split(",").map((scope) => scope.trim()))
    const known = [...named].filter(isScope)
    return known.length === named.size ? Option.some(known) : Option.none()
  }, () => "Expected some of ingest, read and admin, separated by commas")
)

const create = Command.make(
  "create",
  { tenant, name: nameArgument("name", "What or whom the key is for"), scopes },
  Effect.fnUntraced(
    function*(options) {
      const tenant = yield* (yield* Tenants).get(options.tenant)
      const { apiKeyId, key } = yield* (yield* ApiKeys).create(tenant, options.name, options.scopes)
      yield* print(Redacted.value(key))
      const may = options.scopes.join(", ")
      yield* Console.error(
        `This key of tenant "${tenant.name}" is shown once and kept as a hash only. It may: ${may}. Its id is ${apiKeyId}.`
      )
    },
    Effect.provide(keysLayer),
    explained
  )
).pipe(
  Command.withDescription("Make a key and write it to stdout, this once"),
  Command.withExamples([{ command: "keys create brand-a fasttrack --scopes ingest > fasttrack.key", description: "A key for the sender" }])
)

const rowOf = (key: ApiKey): ReadonlyArray<string> => [
  key.apiKeyId,
  key.scopes.join(","),
  key.createdAt.toISOString(),
  key.revokedAt?.toISOString() ?? "-",
  key.name
]

const list = Command.make(
  "list",
  { tenant },
  Effect.fnUntraced(
    function*(options) {
      const tenant = yield* (yield* Tenants).get(options.tenant)
      const keys = yield* (yield* ApiKeys).list(tenant)
      yield* print(...formatTable(["ID", "SCOPES", "CREATED", "REVOKED", "NAME"], keys.map(rowOf)))
    },
    Effect.provide(keysLayer),
    explained
  )
).pipe(Command.withDescription("List a tenant's keys, never the keys themselves"))

const revoke = Command.make(
  "revoke",
  { tenant, keyId: Argument.String("key-id").pipe(Argument.withDescription("The key's id, as `keys list` shows it")) },
  Effect.fnUntraced(
    function*(options) {
      const tenant = yield* (yield* Tenants).get(options.tenant)
      yield* (yield* ApiKeys).revoke(tenant, options.keyId)
      yield* Console.error(`Key ${options.keyId} is revoked; running services refuse it within seconds.`)
    },
    Effect.provide(keysLayer),
    explained
  )
).pipe(Command.withDescription("Revoke a key for good"))

/** `keys create | list | revoke`. */
export const keys = Command.make("keys").pipe(
  Command.withDescription("The tenants' API keys"),
  Command.withSubcommands([create, list, revoke])
)
