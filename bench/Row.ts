import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"
import type { BenchServer } from "./BenchServer.ts"
import type { Findings } from "./Measurement.ts"
import type { Profile } from "./Profile.ts"
import type { Rig } from "./Rig.ts"
import type { Runtime } from "./ServiceUnderTest.ts"

/** What a row works with. */
export interface Bench {
  readonly profile: Profile
  /** What the service runs on. */
  readonly runtime: Runtime
  readonly server: BenchServer["Service"]
  /** The service that the rows share which ask for it; started by the first. */
  readonly rig: Effect.Effect<Rig, SqlError.SqlError>
  /** Says on the progress line what is being done. */
  readonly say: (what: string) => Effect.Effect<void>
}

/** A row cannot be measured here; `why` says what is missing. */
export class NotMeasured extends Error {
  readonly _tag = "NotMeasured"
}

/** A part of the benchmark that can be asked for by its name. */
export interface Row {
  readonly name: string
  readonly title: string
  /**
   * Rows that measure something else than the shared service; it is stopped before them, for even
   * an idle one costs something.
   */
  readonly withoutService?: boolean
  readonly measure: (bench: Bench) => Effect.Effect<Findings, SqlError.SqlError | NotMeasured, Scope.Scope>
}

/** Does something in each round, after a line on the progress; what it gives, by round. */
export const inRounds = <A, E, R>(
  { profile, say }: Bench,
  each: (round: number) => Effect.Effect<A, E, R>
): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.forEach(
    Array.from({ length: profile.rounds }, (_, round) => round),
    (round) => Effect.andThen(say(`round ${round + 1} of ${profile.rounds}`), each(round))
  )
