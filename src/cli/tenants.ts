import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Command, Flag } from "effect/cli"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"

const tenantsLayer = Tenants.layer.pipe(Layer.provide(checkedDatabase))

const create = Command.make("create", {
  name: nameArgument("name", "Name of the tenant"),
  timeZone: Flag.String("time-zone").pipe(
    Flag.withDescription("IANA time zone in which the tenant's days begin, such as Europe/Malta"),
    Flag.withDefault("UTC")
  )
}, ({ name, timeZone }) =>
  explained(Effect.gen(function*() {
    const tenant = yield* (yield* Tenants).create(name, timeZone)
    yield* print(tenant.tenantId)
    yield* Console.error(`Tenant "${name}" is made (its id above); its days begin in ${timeZone}. Next: keys create "${name}" KEY_NAME --scopes ingest`)
  }).pipe(Effect.provide(tenantsLayer)))).pipe(Command.withDescription("Make a tenant"))

const list = Command.make("list", {}, () =>
  explained(Effect.gen(function*() {
    const tenants = yield* (yield* Tenants).list
    yield* print(...formatTable(["NAME", "TIME ZONE", "ID"], tenants.map((tenant) => [tenant.name, tenant.timeZone, tenant.tenantId])))
  }).pipe(Effect.provide(tenantsLayer)))).pipe(Command.withDescription("List the tenants"))

/** `tenants create | list`. */
export const tenants = Command.make("tenants").pipe(
  Command.withDescription("Brands whose players and keys are apart from each other"),
  Command.withSubcommands([create, list])
)
