import { Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"

const tenantsLayer = Tenants.layer.pipe(Layer.provide(checkedDatabase))

const create = Command.make(
  "create",
  {
    name: nameArgument("name", "Name of the tenant"),
    timeZone: Flag.String("time-zone").pipe(
      Flag.withDescription("IANA time zone in which the tenant's days begin, such as Europe/Malta"),
      Flag.withDefault("UTC")
    )
  },
  Effect.fnUntraced(
    function*({ name, timeZone }) {
      const { tenantId } = yield* (yield* Tenants).create(name, timeZone)
      yield* print(tenantId)
      yield* Console.error(`Tenant "${name}" is made; its days begin in ${timeZone}. Next: keys create "${name}" KEY_NAME --scopes ingest`)
    },
    Effect.provide(tenantsLayer),
    explained
  )
).pipe(Command.withDescription("Make a tenant and write its id to stdout"))

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(
    function*() {
      const tenants = yield* (yield* Tenants).list
      yield* print(...formatTable(["NAME", "TIME ZONE", "ID"], tenants.map(({ name, tenantId, timeZone }) => [name, timeZone, tenantId])))
    },
    Effect.provide(tenantsLayer),
    explained
  )
).pipe(Command.withDescription("List the tenants"))

/** `tenants create | list`. */
export const tenants = Command.make("tenants").pipe(
  Command.withDescription("Brands whose players and keys are apart from each other"),
  Command.withSubcommands([create, list])
)
