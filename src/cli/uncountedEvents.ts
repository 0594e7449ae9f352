import { Argument, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { uncountedWords } from "../counters/uncountedWords.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedLog } from "./checkedDatabase.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { countFlag } from "./countFlag.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print } from "./print.ts"

/** `events uncounted`: prints the words for which stored events are not counted. */
export const uncountedEvents = Command.make(
  "uncounted",
  {
    tenant: nameArgument("tenant", "Name of the tenant; all tenants if left out").pipe(Argument.optional),
    limit: countFlag("limit", { most: 1_000, otherwise: 50 }).pipe(Flag.withDescription("How many words to show"))
  },
  Effect.fnUntraced(
    function*({ limit, tenant }) {
      const tenants = yield* Tenants
      const tenantId = Option.isSome(tenant) ? (yield* tenants.get(tenant.value)).tenantId : undefined
      const words = yield* uncountedWords(tenantId, limit)
      if (Option.isNone(words)) {
        return yield* new CommandFailed({ message: "The projection uncounted is not built yet: `projections rebuild uncounted` does it." })
      }
      const names = new Map((yield* tenants.list).map(({ name, tenantId }) => [tenantId, name]))
      yield* print(...formatTable(
        ["TENANT", "EVENT", "FIELD", "WORD", "EVENTS", "FIRST AT", "LAST AT"],
        words.value.map(({ event, events, field, firstAt, lastAt, tenantId, word }) => [
          names.get(tenantId) ?? tenantId,
          event,
          field,
          word,
          String(events),
          firstAt.toISOString(),
          lastAt.toISOString()
        ])
      ))
      if (words.value.length === limit) yield* Console.error(`There may be more words: --limit shows up to 1000.`)
    },
    Effect.provide(Tenants.layer.pipe(Layer.provideMerge(checkedLog))),
    explained
  )
).pipe(
  Command.withDescription("Show the types and statuses for which stored events are not counted, the most frequent first"),
  Command.withExamples([{
    command: "events uncounted demo",
    description: "Whether a sender spells a word otherwise, say `completed` for `approved`"
  }])
)
