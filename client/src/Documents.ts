import type { components, operations } from "./ApiDescription.ts"
import type { ExactNumber } from "./ExactNumber.ts"

type Schemas = components["schemas"]

export type Counters = Schemas["Counters"]
export type Games = Schemas["Games"]
export type Activity = Schemas["Activity"]
export type Leaderboard = Schemas["Leaderboard"]
export type LeaderboardPlace = Schemas["LeaderboardPlace"]
export type Explanation = Schemas["Explanation"]
export type ListedUser = Schemas["ListedUser"]
export type ChangesPage = Schemas["Changes"]
export type Kept = Schemas["Kept"]
export type ErasureUnderWay = Schemas["ErasureUnderWay"]

/** An event as the log has it: amounts are decimal text. */
export type RecordedEvent = Schemas["Events"]["events"][number]

/** What is wrong with a part of an event. */
export type ItemIssue = Schemas["ItemIssue"]

type Query<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>

/** A section of the counters. */
export type Section = NonNullable<Query<"getCounters">["include"]>[number]

/** A section of the counters per game. */
export type GameSection = NonNullable<Query<"getGames">["include"]>[number]

/** `strong` shows every event that was in the log when the request came. */
export type Consistency = "eventual" | "strong"

export type Board = operations["getLeaderboard"]["parameters"]["path"]["board"]
export type Period = NonNullable<Query<"getLeaderboard">["period"]>
export type Granularity = NonNullable<Query<"getActivity">["granularity"]>

/** What may be sent for a value of a type: numbers also with all their digits. */
type Sendable<Value> = Value extends number ? number | ExactNumber
  : Value extends ReadonlyArray<infer Element> ? ReadonlyArray<Sendable<Element>>
  : Value extends object ? { readonly [Name in keyof Value]: Sendable<Value[Name]> }
  : Value

/** An event to send, of any kind. */
export type FastTrackEvent = Sendable<
  | Schemas["CasinoItem"]
  | Schemas["GameRoundItem"]
  | Schemas["LoginItem"]
  | Schemas["PaymentItem"]
  | Schemas["RegistrationItem"]
  | Schemas["SportsBetItem"]
>
