import { Argument, Command, Flag } from "effect/cli"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ErasureProgress, ErasureReport } from "../erasure/erasureSteps.ts"
import { isUnknown, UserErasure } from "../erasure/UserErasure.ts"
import { UserHistory } from "../event-log/UserHistory.ts"
import { Id } from "../fasttrack/Text.ts"
import { overPartitions } from "../partitions/overPartitions.ts"
import { spreadErasure, spreadHistory } from "../partitions/spreadUser.ts"
import { Tenants } from "../tenants/Tenants.ts"
import type { LogProgress } from "../transfer/exportLog.ts"
import { UserId } from "../values/UserId.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"
import { withProgress } from "./progress.ts"

const usersLayer = overPartitions(
  Layer.mergeAll(UserErasure.layer, UserHistory.layer),
  (set) => Context.make(UserErasure, spreadErasure(set)).pipe(Context.add(UserHistory, spreadHistory(set)))
).pipe(Layer.merge(Tenants.layer), Layer.provideMerge(checkedDatabase))

const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`

const linesOf = ({ events, parked, rejected, rows }: ErasureReport): ReadonlyArray<string> => [
  `  log          ${count(events, "event")} emptied; their places and keys stay, under a pseudonym`,
  `  projections  ${count(rows, "row")} removed, of all versions`,
  `  parked       ${count(parked, "entry", "entries")} removed`,
  `  rejected     ${count(rejected, "item")} removed`
]

/**
 * The progress of an erasure, in positions of the slice.
 *
 * The number of the user's events is known only at the end.
 */
const shown = ({ head, position }: ErasureProgress): LogProgress => ({ done: position, total: head })

const erase = Command.make(
  "erase",
  {
    tenant: nameArgument("tenant", "Name of the tenant"),
    user: Argument.String("user").pipe(Argument.withSchema(Id), Argument.withDescription("Id of the user")),
    yes: Flag.Boolean("yes").pipe(Flag.withDescription("Do it: it cannot be taken back"), Flag.withDefault(false))
  },
  Effect.fnUntraced(
    function*({ tenant: name, user, yes }) {
      const tenant = yield* (yield* Tenants).get(name)
      if (!yes) {
        const events = yield* (yield* UserHistory).count(tenant.tenantId, UserId(user))
        return yield* new CommandFailed({
          message: `Nothing was erased. The log has ${count(events, "event")} of the user "${user}" of tenant "${name}": ` +
            "to erase the user for good, say --yes."
        })
      }
      const erasure = yield* UserErasure
      const { value: report } = yield* withProgress((onProgress) => erasure.erase(tenant, UserId(user), (now) => onProgress(shown(now))))
      if (isUnknown(report)) {
        return yield* new CommandFailed({
          message: `Nothing is known of the user "${user}" of tenant "${name}": there was nothing to erase.`
        })
      }
      yield* print(
        report.again ? "The user is erased, who was erased before. This time:" : "The user is erased.",
        ...linesOf(report),
        "Files of `events export` and backups made before still have the data, and so have the database's files until `vacuum (analyze)` is run."
      )
    },
    Effect.provide(usersLayer),
    explained
  )
).pipe(
  Command.withDescription(
    "Remove a user's personal data from the log, every projection and the rejected items, for good; safe while the service runs"
  ),
  Command.withExamples([{
    command: "users erase brand-a player-17 --yes",
    description: "Only the empty places of the player's events stay"
  }])
)

/** `users erase`. */
export const users = Command.make("users").pipe(
  Command.withDescription("The players of a tenant"),
  Command.withSubcommands([erase])
)
