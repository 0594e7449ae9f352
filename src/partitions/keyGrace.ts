import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyGrace } from "../tenants/LastPrincipals.ts"
import { Partitions } from "./Partitions.ts"

/** Ten minutes: longer than a failover, and a key that was revoked at home meanwhile ends then. */
const grace = 600_000

/** `KeyGrace`: where there are several partitions, known keys go on working while home is away. */
export const keyGrace = Layer.effect(
  KeyGrace,
  Effect.map(Partitions, (partitions) => () => partitions.isAtHome ? 0 : grace)
)
