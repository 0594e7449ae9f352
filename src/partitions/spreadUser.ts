import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Explanation } from "../counters/history/Explanation.ts"
import { UserErasure } from "../erasure/UserErasure.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { UserHistory } from "../event-log/UserHistory.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import type { UserId } from "../values/UserId.ts"
import type { Spread } from "./PartitionSet.ts"
import { inPartition } from "./PartitionUnavailable.ts"

/** A service that reads one user: each call goes to the partition of the user. */
export const ofUser = <P>(set: Spread<P>) =>
<I extends P, S, A, E, R>(
  service: Context.Key<I, S>,
  user: { readonly tenantId: Tenant["tenantId"]; readonly userId: UserId },
  read: (service: S) => Effect.Effect<A, E, R>
) => set.at(sliceOf(user.tenantId, user.userId), (services) => read(Context.get(services, service))).pipe(inPartition("Partitions.at"))

/** `Explanation` over the partitions. */
export const spreadExplanation = (set: Spread<Explanation>): Explanation["Service"] => {
  const at = ofUser(set)
  return Explanation.of({
    explain: (tenant, userId, page) => at(Explanation, { ...tenant, userId }, (explanation) => explanation.explain(tenant, userId, page))
  })
}

/** `UserErasure` over the partitions. */
export const spreadErasure = (set: Spread<UserErasure>): UserErasure["Service"] => {
  const at = ofUser(set)
  return UserErasure.of({
    erase: (tenant, userId, onProgress) => at(UserErasure, { ...tenant, userId }, (erasure) => erasure.erase(tenant, userId, onProgress)),
    eraseWithin: (tenant, userId, patience) =>
      at(UserErasure, { ...tenant, userId }, (erasure) => erasure.eraseWithin(tenant, userId, patience)),
    takeUp: set.everywhere((services) => Context.get(services, UserErasure).takeUp).pipe(
      inPartition("UserErasure.takeUp"),
      Effect.map((found) => found.reduce((sum, count) => sum + count, 0))
    )
  })
}

/** `UserHistory` over the partitions. */
export const spreadHistory = (set: Spread<UserHistory>): UserHistory["Service"] => {
  const at = ofUser(set)
  const atSlice = <A, E>(
    slice: Parameters<UserHistory["Service"]["head"]>[0],
    read: (history: UserHistory["Service"]) => Effect.Effect<A, E>
  ) => set.at(slice, (services) => read(Context.get(services, UserHistory))).pipe(inPartition("Partitions.at"))
  return UserHistory.of({
    head: (slice) => atSlice(slice, (history) => history.head(slice)),
    headAt: (slice, instant) => atSlice(slice, (history) => history.headAt(slice, instant)),
    count: (tenantId, userId) => at(UserHistory, { tenantId, userId }, (history) => history.count(tenantId, userId)),
    isAny: (part) => at(UserHistory, part, (history) => history.isAny(part)),
    lastLoss: (tenant, userId) => at(UserHistory, { ...tenant, userId }, (history) => history.lastLoss(tenant, userId)),
    open: (part, types) => at(UserHistory, part, (history) => history.open(part, types))
  })
}
