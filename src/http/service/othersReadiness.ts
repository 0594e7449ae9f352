import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { steadyTime } from "../../platform/monotonicClock.ts"
import { OwnSupervisor } from "../../processes/SupervisorLink.ts"
import type { Purpose } from "../../readiness/whyNotReady.ts"

/** How long the answers of the others are used. Requests need no key. */
const timeToLive = "100 millis"

/** What one process tells another: the reasons why it is not ready for each purpose. */
const Reasons = Schema.fromJsonString(
  Schema.Struct({ ingestion: Schema.Array(Schema.String), reading: Schema.Array(Schema.String) })
)

/** Gives the reasons why the others are not ready, but for those that are known already. */
type WhyOthersNot = (purpose: Purpose, known: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>>

/**
 * What keeps the other processes of this start from a purpose; nothing in a process that is alone.
 *
 * It also lets this process answer the others, by `readiness`. A process that does not answer
 * within 2.5 seconds is not ready, and neither is one whose supervisor does not answer.
 */
export const othersReadiness = Effect.fnUntraced(
  function*<R>(readiness: Effect.Effect<{ readonly whyNot: (purpose: Purpose) => ReadonlyArray<string> }, never, R>) {
    const link = yield* OwnSupervisor
    if (link === undefined) return (() => Effect.succeed([])) satisfies WhyOthersNot
    const runPromise = Effect.runPromiseWith(yield* Effect.context<R>())
    link.answer(
      "readiness",
      () =>
        runPromise(
          Effect.flatMap(readiness, ({ whyNot }) =>
            Effect.orDie(Schema.encodeEffect(Reasons)({ ingestion: whyNot("ingestion"), reading: whyNot("reading") })))
        )
    )
    const answers = (yield* steadyTime)(yield* Effect.cachedWithTTL(link.ask("readiness"), timeToLive))
    const whyOthersNot: WhyOthersNot = (purpose, known) =>
      Effect.map(answers, (answers) => {
        if (answers === undefined) return ["The supervisor of the processes does not answer."]
        return answers.flatMap(({ process, text }) => {
          if (text === undefined) return [`Process ${process} does not run, or does not answer.`]
          const reasons = Schema.decodeSync(Reasons)(text)[purpose]
          return reasons.filter((reason) => !known.includes(reason)).map((reason) => `Process ${process}: ${reason}`)
        })
      })
    return whyOthersNot
  }
)
