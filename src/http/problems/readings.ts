import * as Effect from "effect/Effect"
import { HttpApiError } from "effect/http-api"
import * as Schema from "effect/Schema"
import type * as Reads from "../../counters/ConsistentReads.ts"
import type * as Histories from "../../counters/history/Histories.ts"
import type * as NotBuilt from "../../counters/ProjectionNotBuilt.ts"
import type * as Shares from "../../counters/ReadShares.ts"
import type * as Rows from "../../counters/TooManyRows.ts"
import { badQuery } from "./requests.ts"
import { databaseProblem, serverProblem } from "./service.ts"

/*
 * Problems of readings (docs/design.md#reading), and which one answers which error of
 * `src/counters`.
 */

/**
 * The projections named were never rebuilt from the log: they have no numbers yet.
 *
 * The operator rebuilds them; `detail` has the command. 409 and not 503: no other time is better,
 * and clients that send again by themselves do not do so after a 4xx.
 */
export class ProjectionNotBuilt extends HttpApiError.Problem<ProjectionNotBuilt>()("ProjectionNotBuilt", {
  type: "projection-not-built",
  status: 409,
  title: "A projection was never rebuilt from the log: it has no numbers until an operator does so"
}, { projections: Schema.Array(Schema.String) }) {}

/**
 * A strong reading waited its time, and the projections did not reach the log.
 *
 * Send it again, with a longer `Prefer: wait`, or read without `consistency=strong`.
 */
export class ProjectionBehind extends HttpApiError.Problem<ProjectionBehind>()("ProjectionBehind", {
  type: "projection-behind",
  status: 503,
  title: "The projections did not reach the log in time"
}) {}

/**
 * A strong reading of a user who is parked: a projection stopped at one of the user's events.
 *
 * An eventual reading answers the numbers up to there, and `stale`. The operator looks at
 * `npm run cli -- projections parked`.
 */
export class ProjectionParked extends HttpApiError.Problem<ProjectionParked>()("ProjectionParked", {
  type: "projection-parked",
  status: 503,
  title: "A projection stopped at one of the user's events"
}, { user_id: Schema.String, projections: Schema.Array(Schema.String) }) {}

/**
 * The code of this process cannot run the projections named.
 *
 * 501 and not 503: only another release of the service helps. Sections that the reader does not
 * name are left out instead.
 */
export class ProjectionFailing extends HttpApiError.Problem<ProjectionFailing>()("ProjectionFailing", {
  type: "projection-failing",
  status: 501,
  title: "The code of this process cannot make some of the counters: sending the request again is of no use until it is mended"
}, { projections: Schema.Array(Schema.String) }) {}

/**
 * A section, or all users' sections together, have more rows than one answer may have.
 *
 * Name other sections in `include` or fewer users, or read the SQL view. 422 and not 409 or 413:
 * the request is well-formed and its body small, and no other time is better.
 */
export class TooManyRows extends HttpApiError.Problem<TooManyRows>()("TooManyRows", {
  type: "too-many-rows",
  status: 422,
  title: "The answer would have too many rows: ask for less at once, or read the SQL view"
}, {
  section: Schema.String.annotate({ description: "The section that has them" }),
  limit: Schema.Int.annotate({ description: "The most rows that are answered" })
}) {}

/** The answer has more than `limit` bytes. Ask for fewer users, sections or entries. */
export class AnswerTooLarge extends HttpApiError.Problem<AnswerTooLarge>()("AnswerTooLarge", {
  type: "answer-too-large",
  status: 422,
  title: "The answer would have too many bytes: ask for less at once"
}, { limit: Schema.Int.annotate({ description: "The most bytes of an answer" }) }) {}

/**
 * A reading of the past, or an explanation, needs more memory for the user's rows than it may take.
 *
 * Name fewer sections, or read the present.
 */
export class HistoryTooLarge extends HttpApiError.Problem<HistoryTooLarge>()("HistoryTooLarge", {
  type: "history-too-large",
  status: 422,
  title: "The user has too many payments, bets and currencies to fold again in memory"
}, { limit: Schema.Int.annotate({ description: "The most bytes that its rows may take in memory while its events are read" }) }) {}

/**
 * The user's history is long, and the time of one request did not suffice to fold it.
 *
 * Send the same request again within a minute: it goes on from `read`.
 */
export class HistoryUnfinished extends HttpApiError.Problem<HistoryUnfinished>()("HistoryUnfinished", {
  type: "history-unfinished",
  status: 503,
  title: "The user's history is long and was not read to its end in time: send the request again, it goes on from there"
}, {
  read: Schema.Int.annotate({ description: "Position in the user's slice up to which it has been read" }),
  position: Schema.Int.annotate({ description: "Position up to which it is to be read" })
}) {}

/** The tenant has its share of readings under way and waiting. Read with fewer at once. */
export class TooManyReads extends HttpApiError.Problem<TooManyReads>()("TooManyReads", {
  type: "too-many-reads",
  status: 429,
  title: "The tenant has too many readings under way: send the request again later"
}) {}

/** The tenant has `limit` long polls of the changes waiting already. One reader needs one. */
export class TooManyPolls extends HttpApiError.Problem<TooManyPolls>()("TooManyPolls", {
  type: "too-many-polls",
  status: 429,
  title: "The tenant has too many requests waiting for changes"
}, { limit: Schema.Int.annotate({ description: "The most that may wait at once" }) }) {}

/** What answers the errors of reading projections, for `Effect.catchTags`. */
export const readingProblems = {
  ProjectionBehind: ({ waited }: Reads.ProjectionBehind) =>
    serverProblem(new ProjectionBehind({ detail: `They were waited for ${waited} s.` })),
  ProjectionNotBuilt: ({ projections }: NotBuilt.ProjectionNotBuilt) =>
    Effect.fail(
      new ProjectionNotBuilt({
        projections,
        detail: `The operator runs \`npm run cli -- projections rebuild ${projections.join(" ")}\`.`
      })
    ),
  ProjectionParked: ({ projections, userId }: Reads.ProjectionParked) =>
    serverProblem(new ProjectionParked({ user_id: userId, projections })),
  ProjectionFailing: ({ projections }: Reads.ProjectionFailing) => serverProblem(new ProjectionFailing({ projections })),
  TooManyReads: ({ what }: Shares.TooManyReads) => Effect.fail(new TooManyReads({ detail: `It has its share of ${what}.` })),
  DatabaseUnavailable: databaseProblem
}

/** What answers the errors of reading the rows of users. */
export const rowProblems = {
  TooManyRows: ({ detail, limit, section }: Rows.TooManyRows) => Effect.fail(new TooManyRows({ detail, limit, section }))
}

/** What answers the errors of folding a user's events again. */
export const historyProblems = {
  InFuture: () => Effect.fail(badQuery("as_of", "It lies in the future.")),
  HistoryTooLarge: ({ limit }: Histories.HistoryTooLarge) =>
    Effect.fail(new HistoryTooLarge({ limit, detail: "Name fewer sections in include, or read the present." })),
  HistoryUnfinished: ({ position, read }: Histories.HistoryUnfinished) =>
    serverProblem(
      new HistoryUnfinished({ read, position, detail: "Send it again within a minute. Fewer sections in include take less time." })
    )
}
