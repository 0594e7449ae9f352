import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { EventLog } from "../event-log/EventLog.ts"
import { LogTail } from "../event-log/LogTail.ts"
import type { LogEntry } from "../event-log/RecordedEvent.ts"
import { lookBack } from "../event-log/statements/newestEvents.ts"
import { overPartitions } from "../partitions/overPartitions.ts"
import { spreadTail } from "../partitions/spreadTail.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { UserId } from "../values/UserId.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { countFlag } from "./countFlag.ts"
import { eventLine } from "./eventLine.ts"
import { exportEvents } from "./exportEvents.ts"
import { importEvents } from "./importEvents.ts"
import { nameArgument } from "./nameArgument.ts"
import { printLines } from "./print.ts"
import { uncountedEvents } from "./uncountedEvents.ts"
import { verifyEvents } from "./verifyEvents.ts"

const tailLayer = overPartitions(
  LogTail.layer.pipe(Layer.provide(EventLog.layer)),
  (set) => Context.make(LogTail, spreadTail(set))
).pipe(Layer.merge(Tenants.layer), Layer.provide(checkedDatabase))

const tail = Command.make(
  "tail",
  {
    tenant: nameArgument("tenant", "Name of the tenant; all tenants' events if left out").pipe(Argument.optional),
    user: Flag.String("user").pipe(Flag.withDescription("One user's events only (needs the tenant)"), Flag.optional),
    limit: countFlag("limit", { most: 1_000, otherwise: 20 }).pipe(Flag.withDescription("How many of the newest to begin with")),
    follow: Flag.Boolean("follow").pipe(
      Flag.withAlias("f"),
      Flag.withDescription("Go on with new events as they come"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(
    function*({ follow, limit, tenant: name, user }) {
      const tenants = yield* Tenants
      const tenant = Option.isSome(name) ? yield* tenants.get(name.value) : undefined
      const names = new Map((yield* tenants.list).map(({ name, tenantId }) => [tenantId, name]))
      const lineOf = (entry: LogEntry) => eventLine(entry, names.get(entry.tenantId) ?? entry.tenantId)
      const { later, newest } = yield* (yield* LogTail).open(
        tenant === undefined ? {} : { tenantId: tenant.tenantId, userId: Option.getOrUndefined(Option.map(user, UserId)) },
        limit
      )
      // Memory holds the lines, not the events, which may be large.
      const lines = yield* Stream.runCollect(Stream.map(newest, lineOf))
      if (tenant !== undefined && Option.isNone(user) && lines.length < limit) {
        yield* Console.error(`Looked for tenant "${tenant.name}" among the last ${lookBack} events of each slice.`)
      }
      yield* printLines(Stream.concat(Stream.fromIterable(lines.toReversed()), follow ? Stream.map(later, lineOf) : Stream.empty))
    },
    Effect.provide(tailLayer),
    explained
  )
).pipe(
  Command.withDescription("Show the newest events of the log, one a line"),
  Command.validate(({ tenant, user }) =>
    Option.isSome(user) && Option.isNone(tenant)
      ? Effect.fail(new CliError.ValidationError({ message: "--user needs the tenant whose user it is" }))
      : Effect.void
  )
)

/** `events tail | uncounted | verify | export | import`. */
export const events = Command.make("events").pipe(
  Command.withDescription("The event log"),
  Command.withSubcommands([tail, uncountedEvents, verifyEvents, exportEvents, importEvents])
)
