import { PgClient } from "@effect/sql-pg"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { EventLog } from "../event-log/EventLog.ts"
import type { LogEntry, SlicePosition } from "../event-log/RecordedEvent.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { decodeUserEvent } from "../event-log/statements/readUserPage.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { countFlag } from "./countFlag.ts"
import { eventLine } from "./eventLine.ts"
import { exportEvents } from "./exportEvents.ts"
import { importEvents } from "./importEvents.ts"
import { nameArgument } from "./nameArgument.ts"
import { lookBack, newestEvents } from "./newestEvents.ts"
import { printLines } from "./print.ts"
import { uncountedEvents } from "./uncountedEvents.ts"
import { verifyEvents } from "./verifyEvents.ts"

const eventsLayer = Layer.mergeAll(Tenants.layer, EventLog.layer).pipe(Layer.provideMerge(checkedDatabase))

/** Whose events are shown. */
interface Selection {
  readonly tenant: Tenant | undefined
  readonly userId: string | undefined
}

const isSelected = ({ tenant, userId }: Selection, logged: LogEntry): boolean =>
  (tenant === undefined || logged.tenantId === tenant.tenantId) && (userId === undefined || logged.userId === userId)

const headsOf = Effect.fnUntraced(function*({ tenant, userId }: Selection) {
  const sql = yield* PgClient.PgClient
  const rows = yield* sql<{ slice: number; position: bigint }>`select slice, position from slice_heads order by slice`
  const slice = tenant === undefined || userId === undefined ? undefined : sliceOf(tenant.tenantId, userId)
  return rows.filter((row) => slice === undefined || row.slice === slice).map((row) => ({
    slice: row.slice,
    position: Number(row.position)
  }))
})

/** What is kept of an event that is to be shown: events may be large, their lines are not. */
interface Line extends SlicePosition {
  readonly text: string
}

/** The newest events of the selection, oldest first. */
const newest = Effect.fnUntraced(function*(selection: Selection, limit: number, lineOf: (logged: LogEntry) => string) {
  const { tenant, userId } = selection
  const log = yield* EventLog
  if (tenant !== undefined && userId !== undefined) {
    const user = { tenantId: tenant.tenantId, userId }
    const lines: Array<Line> = []
    for (let before = Number.MAX_SAFE_INTEGER; lines.length < limit;) {
      const page = yield* log.readUserPage({ ...user, before, limit: limit - lines.length })
      for (const stored of page.events) {
        const text = Result.match(decodeUserEvent(user, stored), {
          onSuccess: lineOf,
          onFailure: (reason) => `${lineOf({ ...user, ...stored, event: null })}: ${reason}`
        })
        lines.push({ slice: stored.slice, position: stored.position, text })
      }
      const last = page.events.at(-1)
      if (!page.isMore || last === undefined) break
      before = last.position
    }
    return lines.toReversed()
  }
  const places = yield* newestEvents(yield* PgClient.PgClient, tenant?.tenantId, limit)
  const events = yield* log.read(places.map(({ position, slice }) => ({ slice, position: position - 1 })), { events: 1, bytes: pageBytes })
  if (tenant !== undefined && events.length < limit) {
    yield* Console.error(`Looked for tenant "${tenant.name}" among the last ${lookBack} events of each slice.`)
  }
  return events.toSorted((a, b) => a.recordedAt - b.recordedAt).map((logged): Line => ({ ...placeOnly(logged), text: lineOf(logged) }))
})

/**
 * How long to wait for something new, and how many events of a slice, and bytes of all, are read at
 * a time.
 */
const pollEvery = "400 millis"
const pageSize = 200
const pageBytes = 16 * 1024 * 1024

/**
 * Events of the selection after the given positions, for ever: page by page in order of slice and
 * position.
 */
const following = (selection: Selection, start: ReadonlyArray<SlicePosition>) => {
  const read = new Map(start.map(({ position, slice }) => [slice, position]))
  return Stream.flattenIterable(Stream.fromEffectRepeat(Effect.gen(function*() {
    const behind = (yield* headsOf(selection)).filter(({ position, slice }) => position > (read.get(slice) ?? 0))
    if (behind.length === 0) {
      yield* Effect.sleep(pollEvery)
      return []
    }
    const page = yield* (yield* EventLog).read(behind.map(({ slice }) => ({ slice, position: read.get(slice) ?? 0 })), {
      events: pageSize,
      bytes: pageBytes
    })
    for (const { position, slice } of page) read.set(slice, position)
    return page.filter((logged) => isSelected(selection, logged))
  })))
}

const placeOnly = ({ position, slice }: SlicePosition): SlicePosition => ({ slice, position })

const placeOf = ({ position, slice }: SlicePosition): string => `${slice}/${position}`

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
    function*({ follow, limit, ...of }) {
      const tenants = yield* Tenants
      const selection: Selection = {
        tenant: Option.isSome(of.tenant) ? yield* tenants.get(of.tenant.value) : undefined,
        userId: Option.getOrUndefined(of.user)
      }
      const names = new Map((yield* tenants.list).map(({ name, tenantId }) => [tenantId, name]))
      // The heads before the newest, so that no event falls between the two; what then is in both
      // is shown once.
      const heads = yield* headsOf(selection)
      const lineOf = (logged: LogEntry) => eventLine(logged, names.get(logged.tenantId) ?? logged.tenantId)
      const first = yield* newest(selection, limit, lineOf)
      const shown = new Set(first.map(placeOf))
      const later = follow ? Stream.filter(following(selection, heads), (logged) => !shown.has(placeOf(logged))) : Stream.empty
      yield* printLines(Stream.concat(Stream.fromIterable(first.map(({ text }) => text)), Stream.map(later, lineOf)))
    },
    Effect.provide(eventsLayer),
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
