import { Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { doctorLayer } from "../App.ts"
import { Doctor } from "../database/doctor/Doctor.ts"
import type { Finding } from "../database/doctor/Finding.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { print } from "./print.ts"
import { printable } from "./printable.ts"

const lines = (findings: ReadonlyArray<Finding>): ReadonlyArray<string> => {
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  return findings.flatMap(({ level, mend, says, subject }) => [
    `${level.padEnd(7)}  ${subject.padEnd(width)}  ${printable(says)}`,
    ...mend === undefined ? [] : [`${" ".repeat(11 + width)}mends it: ${printable(mend)}`]
  ])
}

/**
 * `doctor`: prints what is right and wrong with the database and the settings, and what mends it.
 *
 * It fails if a finding breaks a promise of the service.
 */
export const doctor = Command.make(
  "doctor",
  { json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("One JSON object a line: level, subject, says, mend")) },
  Effect.fnUntraced(
    function*({ json }) {
      const findings = yield* (yield* Doctor).examine
      yield* print(...json ? findings.map((finding) => JSON.stringify(finding)) : lines(findings))
      const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length
      const message = `${count("wrong")} wrong, ${count("warning")} to think about, ${count("ok")} right.`
      yield* count("wrong") > 0 ? new CommandFailed({ message }) : Console.error(message)
    },
    Effect.provide(doctorLayer),
    explained
  )
).pipe(Command.withDescription("Look at the database and the settings: what is wrong, and the statement that mends it"))
