import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Activity } from "../counters/Activity.ts"
import { Counters, type CountersDocument } from "../counters/Counters.ts"
import { Games, gameSections } from "../counters/Games.ts"
import { EventEffects } from "../counters/history/EventEffects.ts"
import { Explanation } from "../counters/history/Explanation.ts"
import { TimeTravel } from "../counters/history/TimeTravel.ts"
import { Users } from "../counters/Users.ts"
import { UserErasure } from "../erasure/UserErasure.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { AnyProjection } from "../projections/projection/Projection.ts"
import { shownNames } from "../projections/versions/ProjectionCatalog.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import { hasSlice } from "./PartitionMap.ts"
import { Partitions } from "./Partitions.ts"
import { inPartition } from "./PartitionUnavailable.ts"
import { ofUser, spreadErasure, spreadExplanation } from "./spreadUser.ts"

const ofPartitions = Effect.map(Partitions, (partitions) => ofUser(partitions))

const games = Layer.effect(
  Games,
  Effect.map(ofPartitions, (at) =>
    Games.of({
      sections: gameSections,
      read: (tenant, userId, options) => at(Games, { ...tenant, userId }, (games) => games.read(tenant, userId, options))
    }))
)

const activity = Layer.effect(
  Activity,
  Effect.map(ofPartitions, (at) =>
    Activity.of({
      read: (tenant, userId, options) => at(Activity, { ...tenant, userId }, (activity) => activity.read(tenant, userId, options))
    }))
)

const timeTravel = Layer.effect(
  TimeTravel,
  Effect.map(ofPartitions, (at) =>
    TimeTravel.of({
      read: (tenant, userId, options) => at(TimeTravel, { ...tenant, userId }, (travel) => travel.read(tenant, userId, options))
    }))
)

const effects = Layer.effect(
  EventEffects,
  Effect.map(ofPartitions, (at) =>
    EventEffects.of({
      read: (tenant, userId, positions) => at(EventEffects, { ...tenant, userId }, (effects) => effects.read(tenant, userId, positions))
    }))
)

const explanation = Layer.effect(Explanation, Effect.map(Partitions, spreadExplanation))

const erasure = Layer.effect(UserErasure, Effect.map(Partitions, spreadErasure))

/** The documents of several users are of one moment for each partition. */
const counters = (projections: ReadonlyArray<AnyProjection>) =>
  Layer.effect(
    Counters,
    Effect.map(Partitions, (partitions) =>
      Counters.of({
        sections: shownNames(projections),
        read: (tenant, userIds, options) =>
          partitions.forItems(
            [...new Set(userIds)],
            (userId) => sliceOf(tenant.tenantId, userId),
            (services, own) =>
              Effect.map(Context.get(services, Counters).read(tenant, own, options), (documents) => {
                const byUser = new Map(documents.map((document) => [document.user_id, document]))
                // One result for each user asked for, also for those who have no document.
                return own.map((userId): { readonly document: CountersDocument | undefined } => ({ document: byUser.get(userId) }))
              })
          ).pipe(
            inPartition("Counters.read"),
            Effect.map((found) => found.flatMap(({ document }) => document ?? []))
          )
      }))
  )

/** Pages of all partitions, merged in the order of the ids. */
const users = Layer.effect(
  Users,
  Effect.map(Partitions, (partitions) =>
    Users.of({
      list: (tenant, after, limit) =>
        partitions.everywhere((services, entry) =>
          Effect.map(Context.get(services, Users).list(tenant, after, limit), ({ next, users }) => ({
            next,
            // After a split the database may still have events of users who are elsewhere.
            users: users.filter(({ slice }) => hasSlice(entry, slice))
          }))
        ).pipe(
          inPartition("Users.list"),
          Effect.map((pages) => {
            // Up to the least id with which a page ends that has another after it, all are known.
            const ends = pages.flatMap(({ next }) => next ?? []).sort(compareUtf8)
            const [end] = ends
            const found = pages.flatMap(({ users }) => users)
              .filter(({ user_id }) => end === undefined || compareUtf8(user_id, end) <= 0)
              .sort((a, b) => compareUtf8(a.user_id, b.user_id))
            const users = found.slice(0, limit)
            return { users, next: found.length > limit ? users.at(-1)?.user_id : end }
          })
        )
    }))
)

/** The readings of users, and erasure, over the partitions. */
export const spreadReadings = (projections: ReadonlyArray<AnyProjection>) =>
  Layer.mergeAll(counters(projections), games, activity, timeTravel, explanation, effects, users, erasure)
