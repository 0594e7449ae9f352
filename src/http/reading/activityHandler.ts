import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { Activity } from "../../counters/Activity.ts"
import type { Granularity } from "../../values/period.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { badQuery } from "../problems/badQuery.ts"
import * as Problems from "../problems/problems.ts"
import { readingProblems, rowProblems } from "../problems/readingProblems.ts"
import { maxDays } from "./activity.ts"
import { consistencyOf } from "./consistencyOf.ts"
import { inReadSlot } from "./inReadSlot.ts"

interface ActivityRequest {
  readonly params: { readonly user_id: string }
  readonly query: {
    /** Days since 1970-01-01. */
    readonly from: number
    readonly to: number
    readonly granularity?: Granularity
    readonly consistency?: "strong" | "eventual"
  }
  readonly request: HttpServerRequest.HttpServerRequest
}

/** What a user did, by days, weeks or months. */
export const activityHandler = Effect.map(Effect.all([Activity, inReadSlot]), ([activity, inSlot]) =>
  Effect.fnUntraced(
    function*({ params: { user_id }, query: { from, granularity = "day", to, ...query }, request }: ActivityRequest) {
      if (to < from) return yield* badQuery("to", "It is before from.")
      if (to - from >= maxDays[granularity]) {
        const asked = `${to - from + 1} dates`
        return yield* badQuery("to", `${asked} were asked for; ${granularity} by ${granularity} there are ${maxDays[granularity]} at most.`)
      }
      const consistency = yield* consistencyOf(request, query.consistency)
      const document = yield* activity.read(yield* CurrentTenant, user_id, { from, to, granularity, consistency })
      return document === undefined ? yield* new Problems.UserNotFound({}) : yield* conditionalJson(request, document)
    },
    inSlot,
    Effect.catchTags({ ...readingProblems, ...rowProblems })
  ))
