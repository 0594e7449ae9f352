import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { unavailable } from "../database/DatabaseUnavailable.ts"
import { EventLogUnavailable } from "../event-log/EventLogError.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { type UserEvents, UserProcessors } from "../ingest/UserProcessors.ts"
import { Partitions } from "./Partitions.ts"
import type { Spread } from "./PartitionSet.ts"
import { inLog } from "./PartitionUnavailable.ts"

const sliceOfMail = ({ events: [first], tenantId, userId }: UserEvents) => first?.slice ?? sliceOf(tenantId, userId)

/**
 * `UserProcessors` over the partitions.
 *
 * A request is answered once all partitions of its users have committed. One that is away fails the
 * request, whatever the others have stored: the sender sends all of it again, and what is stored is
 * a duplicate then.
 */
export const spreadProcessors = (partitions: Spread<UserProcessors>): UserProcessors["Service"] => {
  /** A partition's tables refer to the tenant: its row is copied there before the first event. */
  const knowTenants = (mail: ReadonlyArray<UserEvents>) =>
    Effect.forEach(
      new Set(mail.map(({ tenantId }) => tenantId)),
      (tenantId) => partitions.knowTenant(tenantId, mail.flatMap((user) => user.tenantId === tenantId ? [sliceOfMail(user)] : [])),
      { discard: true }
    ).pipe(
      unavailable("UserProcessors"),
      Effect.catchTag("DatabaseUnavailable", ({ cause }) => Effect.fail(new EventLogUnavailable({ cause })))
    )
  const { active, process } = processorsOnly(partitions)
  return UserProcessors.of({
    active,
    process: (mail) => partitions.isAtHome ? process(mail) : Effect.andThen(inLog(knowTenants(mail)), process(mail))
  })
}

/** The same for what stores nothing: no partition has to know the tenant. */
export const processorsOnly = (partitions: Spread<UserProcessors>): UserProcessors["Service"] =>
  UserProcessors.of({
    process: (mail) =>
      partitions.forItems(mail, sliceOfMail, (services, own) => Context.get(services, UserProcessors).process(own)).pipe(inLog),
    active: () =>
      partitions.opened().reduce(
        (sum, { services }) => sum + (services === undefined ? 0 : Context.get(services, UserProcessors).active()),
        0
      )
  })

/** {@link spreadProcessors} of the service. */
export const spreadIngestion = Layer.effect(UserProcessors, Effect.map(Partitions, (partitions) => spreadProcessors(partitions)))
