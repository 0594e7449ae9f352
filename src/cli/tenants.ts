import { PgClient } from "@effect/sql-pg"
import { Argument, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../event-log/EventLog.ts"
import { changeTimeZone } from "../projections/changeTimeZone.ts"
import { ProjectionCatalog } from "../projections/ProjectionCatalog.ts"
import { isTimeZone } from "../tenants/isTimeZone.ts"
import { Tenants, UnknownTimeZone } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"
import { projectionsLayer } from "./projections/projectionsLayer.ts"

const tenantsLayer = Tenants.layer.pipe(Layer.provideMerge(checkedDatabase))

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
      const sql = yield* PgClient.PgClient
      const tenants = yield* (yield* Tenants).list
      const moves = yield* sql<{ tenant_id: string; time_zone: string }>`select distinct tenant_id, time_zone from time_zone_moves`
      const former = new Map(moves.map((move) => [move.tenant_id, move.time_zone]))
      yield* print(...formatTable(
        ["NAME", "TIME ZONE", "ID"],
        tenants.map(({ name, tenantId, timeZone }) => {
          const before = former.get(tenantId)
          return [name, before === undefined ? timeZone : `${timeZone} (being changed from ${before})`, tenantId]
        })
      ))
    },
    Effect.provide(tenantsLayer),
    explained
  )
).pipe(Command.withDescription("List the tenants"))

const setZone = Command.make(
  "set-zone",
  {
    name: nameArgument("name", "Name of the tenant"),
    timeZone: Argument.String("time-zone").pipe(Argument.withDescription("IANA time zone, such as Europe/Malta"))
  },
  Effect.fnUntraced(
    function*({ name, timeZone }) {
      const { tenantId } = yield* (yield* Tenants).get(name)
      if (!isTimeZone(timeZone)) return yield* new UnknownTimeZone({ timeZone })
      const { stores } = yield* ProjectionCatalog
      let moved = 0
      const changed = yield* changeTimeZone(yield* PgClient.PgClient, yield* EventLog, stores, {
        tenantId,
        timeZone,
        onProgress: ({ done, total, users }) => {
          moved = users
          return done % 32 === 0 || done === total ? Console.error(`${done} of ${total} slices, ${users} users`) : Effect.void
        }
      })
      yield* print(
        changed
          ? `The days of tenant "${name}" begin in ${timeZone} now; what depends on it was made anew for ${moved} users.`
          : `The days of tenant "${name}" begin in ${timeZone} already.`
      )
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(
  Command.withDescription("Change the zone in which a tenant's days begin, and make anew what depends on it, beside the running service"),
  Command.withExamples([{
    command: "tenants set-zone demo Europe/Malta",
    description: "Asked for again, it ends what was stopped halfway"
  }])
)

/** `tenants create | list | set-zone`. */
export const tenants = Command.make("tenants").pipe(
  Command.withDescription("Brands whose players and keys are apart from each other"),
  Command.withSubcommands([create, list, setZone])
)
