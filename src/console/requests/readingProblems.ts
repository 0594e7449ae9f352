import * as Effect from "effect/Effect"
import type { ProjectionBehind, ProjectionFailing, ProjectionParked } from "../../counters/ConsistentReads.ts"
import type { CounterNotFound, NoSuchCounter } from "../../counters/history/Explanation.ts"
import type { HistoryTooLarge, HistoryUnfinished } from "../../counters/history/Histories.ts"
import type { ProjectionNotBuilt } from "../../counters/ProjectionNotBuilt.ts"
import { ReadShares, type TooManyReads } from "../../counters/ReadShares.ts"
import type { TooManyRows } from "../../counters/TooManyRows.ts"
import type { InFuture } from "../../event-log/UserHistory.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { ConsoleProblem } from "./ConsoleProblem.ts"
import type { Failure } from "./ConsoleRoute.ts"

/** What a reading of counters fails with. */
type ReadingError =
  | TooManyRows
  | TooManyReads
  | ProjectionBehind
  | ProjectionNotBuilt
  | ProjectionParked
  | ProjectionFailing
  | HistoryUnfinished
  | HistoryTooLarge
  | InFuture
  | NoSuchCounter
  | CounterNotFound

/** Reads rows in the tenant's share of readings. What fails becomes a problem that says so. */
export const inReadShare = (tenant: Tenant) => <A, E extends ReadingError | Failure, R>(reading: Effect.Effect<A, E, R>) =>
  Effect.flatMap(ReadShares, ({ read }) => read(tenant)(reading)).pipe(Effect.mapError(told))

/** The same for what folds a user's events again. */
export const inHistoryShare = (tenant: Tenant) => <A, E extends ReadingError | Failure, R>(reading: Effect.Effect<A, E, R>) =>
  Effect.flatMap(ReadShares, ({ history }) => history(tenant)(reading)).pipe(Effect.mapError(told))

const told = (error: ReadingError | Failure): Failure => {
  switch (error._tag) {
    case "ConsoleProblem":
    case "DatabaseUnavailable":
      return error
    case "TooManyRows":
      return new ConsoleProblem({ status: 422, title: "Too many rows", detail: error.detail })
    case "TooManyReads":
      return new ConsoleProblem({
        status: 429,
        title: "Too many readings",
        detail: `The tenant has its share of ${error.what} under way.`,
        advice: "Load the page again in a moment."
      })
    case "ProjectionBehind":
      return new ConsoleProblem({
        status: 503,
        title: "Not ready",
        detail: "A projection is being changed, and has no numbers to show just now.",
        advice: "Load the page again in a moment."
      })
    case "ProjectionNotBuilt":
      return new ConsoleProblem({
        status: 409,
        title: "Not built yet",
        detail: `There are no numbers of ${error.projections.join(", ")} before a rebuild.`,
        advice: `The operator runs \`npm run cli -- projections rebuild ${error.projections.join(" ")}\`.`
      })
    case "ProjectionParked":
      return new ConsoleProblem({
        status: 409,
        title: "Parked",
        detail: `${error.projections.join(", ")} stopped at one of the player's events.`,
        advice: "`npm run cli -- projections parked` says at which one, and why."
      })
    case "ProjectionFailing":
      return new ConsoleProblem({
        status: 501,
        title: "Cannot be read",
        detail: `The code of this process cannot run ${error.projections.join(", ")}.`
      })
    case "HistoryUnfinished":
      return new ConsoleProblem({
        status: 503,
        title: "A long history",
        detail: `It was read up to position ${error.read} of ${error.position}. The next try goes on from there.`,
        advice: "Try again within a minute."
      })
    case "HistoryTooLarge":
      return new ConsoleProblem({
        status: 422,
        title: "Too large",
        detail: `Folding the player's events again takes more than ${error.limit} bytes of memory.`
      })
    case "InFuture":
      return new ConsoleProblem({ status: 400, title: "Not yet", detail: "This moment has not come." })
    case "NoSuchCounter":
      return new ConsoleProblem({ status: 400, title: "No such counter", detail: error.message })
    case "CounterNotFound":
      return new ConsoleProblem({ status: 404, title: "No such counter", detail: `The player has nothing at ${error.path}.` })
  }
}
