import { Argument, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { overPartitions } from "../partitions/overPartitions.ts"
import { spreadTimeZoneChanges } from "../partitions/spreadTimeZoneChanges.ts"
import { outdatedZones } from "../tenants/outdatedZones.ts"
import type { TenantDays } from "../tenants/TenantDays.ts"
import { checkTimeZone, Tenants } from "../tenants/Tenants.ts"
import type { TimeZoneProgress } from "../time-zones/changeTimeZone.ts"
import { TimeZoneChanges } from "../time-zones/TimeZoneChanges.ts"
import { formerDays } from "../time-zones/TimeZoneMoves.ts"
import { known } from "../values/known.ts"
import { checkedDatabase, checkedLog } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"
import { versionsOfPartition } from "./projections/projectionsLayer.ts"

/** The days of the week, by their numbers from 1. */
const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const

const nameOfDay = (weekStart: number): string => {
  const name = known(weekdays[weekStart - 1], `name of day ${weekStart} of the week`)
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
}

const weekStartOf = (name: (typeof weekdays)[number]): number => weekdays.indexOf(name) + 1

const tenantsLayer = Tenants.layer.pipe(Layer.provideMerge(checkedDatabase))
const listLayer = Tenants.layer.pipe(Layer.provideMerge(checkedLog))
const changesLayer = overPartitions(
  Layer.provideMerge(TimeZoneChanges.layer, versionsOfPartition()),
  (set, home) => Context.make(TimeZoneChanges, spreadTimeZoneChanges(set, home))
).pipe(Layer.provideMerge(tenantsLayer))

const create = Command.make(
  "create",
  {
    name: nameArgument("name", "Name of the tenant"),
    timeZone: Flag.String("time-zone").pipe(
      Flag.withDescription("IANA time zone in which the tenant's days begin, such as Europe/Malta"),
      Flag.withDefault("UTC")
    ),
    weekStart: Flag.Literals("week-start", weekdays).pipe(
      Flag.withDescription("The day with which the tenant's weeks begin"),
      Flag.withDefault("monday" as const)
    )
  },
  Effect.fnUntraced(
    function*({ name, timeZone, weekStart }) {
      const tenant = yield* (yield* Tenants).create(name, timeZone, weekStartOf(weekStart))
      yield* print(tenant.tenantId)
      yield* Console.error(
        `Tenant "${name}" is made; its days begin in ${timeZone}, its weeks on ${
          nameOfDay(tenant.weekStart)
        }. Next: keys create "${name}" KEY_NAME --scopes ingest`
      )
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
      const former = yield* formerDays
      yield* print(...formatTable(
        ["NAME", "TIME ZONE", "WEEK FROM", "ID"],
        tenants.map(({ name, tenantId, timeZone, weekStart }) => {
          const before = former.get(tenantId) ?? { timeZone, weekStart }
          const week = nameOfDay(weekStart)
          return [
            name,
            before.timeZone === timeZone ? timeZone : `${timeZone} (being changed from ${before.timeZone})`,
            before.weekStart === null || before.weekStart === weekStart
              ? week
              : `${week} (being changed from ${nameOfDay(before.weekStart)})`,
            tenantId
          ]
        })
      ))
      for (const line of outdatedZones(tenants)) yield* Console.error(line)
    },
    Effect.provide(listLayer),
    explained
  )
).pipe(Command.withDescription("List the tenants"))

/** Changes a tenant's zone or first day of the week, and says how far it has come. */
const change = Effect.fnUntraced(function*(name: string, to: Partial<TenantDays>) {
  const { tenantId } = yield* (yield* Tenants).get(name)
  if (to.timeZone !== undefined) yield* checkTimeZone(to.timeZone)
  let moved = 0
  const onProgress = ({ done, total, users }: TimeZoneProgress) => {
    moved = users
    return done % 32 === 0 || done === total ? Console.error(`${done} of ${total} slices, ${users} users`) : Effect.void
  }
  const changed = yield* (yield* TimeZoneChanges).change({ tenantId, ...to, onProgress })
  return changed ? ` now; what depends on it is rebuilt for ${moved} users.` : " already."
})

const setZone = Command.make(
  "set-zone",
  {
    name: nameArgument("name", "Name of the tenant"),
    timeZone: Argument.String("time-zone").pipe(Argument.withDescription("IANA time zone, such as Europe/Malta"))
  },
  Effect.fnUntraced(
    function*({ name, timeZone }) {
      const how = yield* change(name, { timeZone })
      yield* print(`The days of tenant "${name}" begin in ${timeZone}${how}`)
    },
    Effect.provide(changesLayer),
    explained
  )
).pipe(
  Command.withDescription("Change the zone in which a tenant's days begin, and rebuild what depends on it, beside the running service"),
  Command.withExamples([{
    command: "tenants set-zone demo Europe/Malta",
    description: "Run again, it ends a change that was stopped halfway"
  }])
)

const setWeekStart = Command.make(
  "set-week-start",
  {
    name: nameArgument("name", "Name of the tenant"),
    day: Argument.Literals("day", weekdays).pipe(Argument.withDescription("The day with which the tenant's weeks begin"))
  },
  Effect.fnUntraced(
    function*({ day, name }) {
      const weekStart = weekStartOf(day)
      const how = yield* change(name, { weekStart })
      yield* print(`The weeks of tenant "${name}" begin on ${nameOfDay(weekStart)}${how}`)
    },
    Effect.provide(changesLayer),
    explained
  )
).pipe(
  Command.withDescription("Change the day with which a tenant's weeks begin, and rebuild what depends on it, beside the running service"),
  Command.withExamples([{
    command: "tenants set-week-start demo sunday",
    description: "Run again, it ends a change that was stopped halfway"
  }])
)

/** `tenants create | list | set-zone | set-week-start`. */
export const tenants = Command.make("tenants").pipe(
  Command.withDescription("Brands whose players and keys are apart from each other"),
  Command.withSubcommands([create, list, setZone, setWeekStart])
)
