import * as Effect from "effect/Effect"
import { ReadShares } from "../../counters/ReadShares.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"

/** Makes an answer in one of the tenant's slots for reading. */
export const inReadSlot = <A, E, R>(answer: Effect.Effect<A, E, R>) =>
  Effect.flatMap(ReadShares, ({ read }) => Effect.flatMap(CurrentTenant, (tenant) => read(tenant)(answer)))

/** Makes an answer that folds a user's events again, in one of the tenant's slots for those. */
export const inHistorySlot = <A, E, R>(answer: Effect.Effect<A, E, R>) =>
  Effect.flatMap(ReadShares, ({ history }) => Effect.flatMap(CurrentTenant, (tenant) => history(tenant)(answer)))
