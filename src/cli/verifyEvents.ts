import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Finding, verifyLog } from "../transfer/verifyLog.ts"
import { checkedLog } from "./checkedDatabase.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { print } from "./print.ts"
import { printable } from "./printable.ts"
import { rateLine, withProgress } from "./progress.ts"
import { failedIfStopped } from "./stopOnSignal.ts"

/** The most findings that are printed. The rest are counted. */
const maxPrinted = 100

const lineOf = ({ message, slice }: Finding): string => printable(slice === undefined ? `log: ${message}` : `slice ${slice}: ${message}`)

/** `events verify`: proves that the log is what it promises, or prints what is not. */
export const verifyEvents = Command.make(
  "verify",
  {},
  Effect.fnUntraced(
    function*() {
      let findings = 0
      const verify = withProgress((onProgress) =>
        Stream.runFoldEffect(verifyLog(onProgress), () => 0, (events, verdict) => {
          const printed = verdict.findings.slice(0, Math.max(0, maxPrinted - findings))
          findings += verdict.findings.length
          return Effect.as(print(...printed.map(lineOf)), events + verdict.events)
        })
      )
      const { milliseconds, value: events } = yield* verify
      if (findings > maxPrinted) yield* print(`and ${findings - maxPrinted} findings more`)
      yield* print(`Looked at ${rateLine(events, milliseconds)}: ${findings === 0 ? "the log is sound." : `${findings} findings.`}`)
      if (findings > 0) {
        return yield* new CommandFailed({ message: "The log cannot be trusted: keep it as it is, and look into what was found." })
      }
    },
    failedIfStopped,
    Effect.provide(checkedLog),
    explained
  )
).pipe(Command.withDescription("Prove that the log is whole and in order, also while events come in"))
