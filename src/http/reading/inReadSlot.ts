import * as Effect from "effect/Effect"
import { ReadShares } from "../../counters/ReadShares.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"

/** Makes what answers a request in one of the tenant's slots for reading. */
export const inReadSlot = Effect.map(
  ReadShares,
  ({ read }) => <A, E, R>(answer: Effect.Effect<A, E, R>) => Effect.flatMap(CurrentTenant, (tenant) => read(tenant)(answer))
)

/** The same for what folds a user's events again. */
export const inHistorySlot = Effect.map(
  ReadShares,
  ({ history }) => <A, E, R>(answer: Effect.Effect<A, E, R>) => Effect.flatMap(CurrentTenant, (tenant) => history(tenant)(answer))
)
