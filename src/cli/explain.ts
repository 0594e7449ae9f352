import { Argument, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Explained, Explanation } from "../counters/history/Explanation.ts"
import { Histories } from "../counters/history/Histories.ts"
import type { ContributingEvent } from "../counters/history/PathHistory.ts"
import { UserHistory } from "../event-log/UserHistory.ts"
import { idOf, summaryOf } from "../fasttrack/FastTrackEvent.ts"
import { overPartitions } from "../partitions/overPartitions.ts"
import { spreadExplanation } from "../partitions/spreadUser.ts"
import { releasedVersions } from "../projections/own/ownProjections.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { UserId } from "../values/UserId.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { countFlag } from "./countFlag.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"
import { printable } from "./printable.ts"

const explainLayer = overPartitions(
  Explanation.layer(releasedVersions).pipe(Layer.provide(Histories.layer), Layer.provide(UserHistory.layer)),
  (set) => Context.make(Explanation, spreadExplanation(set))
).pipe(Layer.merge(Tenants.layer), Layer.provideMerge(checkedDatabase))

const mostRows = 10_000

const textOf = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value)

/** The contribution, with its sign if it is a difference. */
const signed = (kind: Explained["kind"], contribution: unknown): string => {
  const text = textOf(contribution)
  return kind === "other" || text.startsWith("-") ? text : `+${text}`
}

const rowOf = (kind: Explained["kind"]) => ({ contribution, logged, value }: ContributingEvent): ReadonlyArray<string> => [
  String(logged.position),
  new Date(logged.event.occurredAt).toISOString(),
  summaryOf(logged.event),
  idOf(logged.event),
  signed(kind, contribution),
  textOf(value)
]

/** `explain`: prints the value of one counter, and the events that made it. */
export const explain = Command.make(
  "explain",
  {
    tenant: nameArgument("tenant", "Name of the tenant"),
    user: Argument.String("user").pipe(Argument.withDescription("Id of the user")),
    path: Argument.String("path").pipe(
      Argument.withDescription("Where in the user's counters, such as casino.EUR.bet_amount; within a name, ~0 stands for ~ and ~1 for .")
    ),
    limit: countFlag("limit", { most: mostRows, otherwise: 50 }).pipe(Flag.withDescription("How many events to show, from the first on"))
  },
  Effect.fnUntraced(
    function*({ limit, path, tenant, user }) {
      const failed = (message: string) => Effect.fail(new CommandFailed({ message }))
      const found = yield* (yield* Explanation).explain(yield* (yield* Tenants).get(tenant), UserId(user), { path, after: 0, limit }).pipe(
        // No other reader waits for this process, so it asks until everything is read.
        Effect.retry({ while: ({ _tag }) => _tag === "HistoryUnfinished" }),
        Effect.catchTags({
          HistoryUnfinished: ({ read }) => failed(`The user's events were read up to position ${read} only.`),
          HistoryTooLarge: () => failed("The user has too many payments, bets and currencies to fold again in memory."),
          NoSuchCounter: ({ message }) => failed(`There is no counter ${path}. ${message}`),
          CounterNotFound: ({ path }) => failed(`The user's counters have never had a value at ${path}.`),
          ProjectionFailing: ({ projections }) =>
            failed(`The projection ${projections.join()} fails on the sample log: it has to be mended first.`),
          ProjectionParked: ({ projections }) => failed(`The projection ${projections.join()} fails on one of the user's events.`)
        })
      )
      if (found === undefined) return yield* failed(`There are no events of the user "${user}".`)
      const { contributions, isMore, kind, position, slice, value } = found
      yield* print(
        ...formatTable(["POSITION", "OCCURRED AT", "EVENT", "ID", "CONTRIBUTION", "VALUE"], contributions.map(rowOf(kind))),
        "",
        printable(`${found.path} is ${textOf(value)} at ${slice}/${position}`)
      )
      if (isMore) yield* Console.error(`There are more events: --limit shows up to ${mostRows}.`)
    },
    Effect.provide(explainLayer),
    explained
  )
).pipe(
  Command.withDescription("Show which events made one of a user's counters what it is"),
  Command.withExamples([{ command: "explain demo player-1 casino.EUR.ggr", description: "Every event that changed it, and by how much" }])
)
