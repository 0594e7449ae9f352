import * as Effect from "effect/Effect"
import type { ProjectionBehind, ProjectionFailing, ProjectionParked } from "../../counters/ConsistentReads.ts"
import type { HistoryTooLarge, HistoryUnfinished } from "../../counters/Histories.ts"
import type { ProjectionNotBuilt } from "../../counters/ProjectionNotBuilt.ts"
import type { TooManyReads } from "../../counters/ReadShares.ts"
import type { TooManyRows } from "../../counters/TooManyRows.ts"
import type { DatabaseUnavailable } from "../../database/DatabaseUnavailable.ts"
import { badQuery } from "./badQuery.ts"
import * as Problems from "./problems.ts"
import { serverProblem } from "./serverProblem.ts"

/** What is answered where projections cannot be read, for `Effect.catchTags`. */
export const readingProblems = {
  ProjectionBehind: ({ waited }: ProjectionBehind) =>
    serverProblem(new Problems.ProjectionBehind({ detail: `They were waited for ${waited} s.` })),
  ProjectionNotBuilt: ({ projections }: ProjectionNotBuilt) =>
    Effect.fail(
      new Problems.ProjectionNotBuilt({
        projections,
        detail: `The operator runs \`npm run cli -- projections rebuild ${projections.join(" ")}\`.`
      })
    ),
  ProjectionParked: ({ projections, userId }: ProjectionParked) =>
    serverProblem(new Problems.ProjectionParked({ user_id: userId, projections })),
  ProjectionFailing: ({ projections }: ProjectionFailing) => serverProblem(new Problems.ProjectionFailing({ projections })),
  TooManyReads: ({ what }: TooManyReads) => Effect.fail(new Problems.TooManyReads({ detail: `It has its share of ${what}.` })),
  DatabaseUnavailable: (error: DatabaseUnavailable) => serverProblem(new Problems.Unavailable({}), error)
}

/** What is answered where the rows of users are read. */
export const rowProblems = {
  TooManyRows: ({ detail, limit, section }: TooManyRows) => Effect.fail(new Problems.TooManyRows({ detail, limit, section }))
}

/** The same where a user's events are folded again. */
export const historyProblems = {
  InFuture: () => Effect.fail(badQuery("as_of", "It lies in the future.")),
  HistoryTooLarge: ({ limit }: HistoryTooLarge) =>
    Effect.fail(new Problems.HistoryTooLarge({ limit, detail: "Name fewer sections in include, or read the present." })),
  HistoryUnfinished: ({ position, read }: HistoryUnfinished) =>
    serverProblem(
      new Problems.HistoryUnfinished({ read, position, detail: "Send it again within a minute. Fewer sections in include take less time." })
    )
}
