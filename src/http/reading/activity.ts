import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Activity } from "../../counters/Activity.ts"
import { activityFields, activityFigures, type Product } from "../../projections/catalog/activity.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { UserNotFound } from "../problems/notFound.ts"
import { readingProblems, rowProblems, TooManyRows } from "../problems/readings.ts"
import { badQuery } from "../problems/requests.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"
import { Day, DayText } from "./Day.ts"
import { document, Generations, ifNoneMatch, notReady, TimeZone } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import { consistency, consistencyOf, prefer } from "./parameters.ts"

/** Most dates from `from` to `to`, both included. */
const maxDays = { day: 400, week: 3660, month: 3660 } as const

const products = Object.keys(activityFields) as ReadonlyArray<Product>

const activityNames = {
  casino: "CasinoActivity",
  game_rounds: "GameRoundActivity",
  logins: "LoginActivity",
  payments: "PaymentActivity",
  sports: "SportsActivity"
} as const satisfies Record<Product, string>

const periodSchema = (product: Product) =>
  Schema.Struct({
    from: DayText,
    to: DayText,
    product: Schema.Literal(product),
    currency: product === "logins" ? Schema.Null : Schema.String.annotate({ description: "Upper-cased" }),
    ...activityFigures(product)
  }).annotate({ identifier: activityNames[product] })

const ActivitySchema = Schema.Struct({
  time_zone: TimeZone,
  generations: Generations,
  periods: Schema.Array(Schema.Union(products.map(periodSchema))),
  stale: Schema.optionalKey(Schema.Array(Schema.String)).annotate({
    description: "Set if the activity stopped at one of the user's events"
  })
}).annotate({
  identifier: "Activity",
  description: "In order of (from, product, currency); periods in which nothing was counted are left out"
})

export const activity = HttpApiEndpoint.get("activity", "/api/v1/users/:user_id/activity", {
  params: { user_id: UserId },
  query: {
    from: Day,
    to: Day,
    granularity: Schema.optionalKey(Schema.Literals(["day", "week", "month"])),
    consistency
  },
  success: document(ActivitySchema),
  error: [UserNotFound, TooManyRows, ...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getActivity",
  summary: "What a user did, day by day",
  description:
    "Per period, product and currency. Each product has its own fields, and products are never added up: FastTrack makes game rounds of the same play as " +
    "casino events. Payments and sports bets count while they stand: one that is rolled back disappears from the date on which it counted. Casino " +
    "rollbacks are events of their own and count on their own dates.",
  transform: parameterDetails({
    query: {
      from: { description: "The first date" },
      to: {
        description: `The last date, included; up to ${maxDays.day} dates day by day, ${maxDays.month} week by week or month by month`
      },
      granularity: {
        description: "Weeks begin on the tenant's first day of the week. A week or month that reaches beyond from or to is cut there.",
        schema: { type: "string", enum: ["day", "week", "month"], default: "day" }
      }
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

export const activityHandler = Effect.fnUntraced(
  function*({ params: { user_id }, query, request }: RequestOf<typeof activity>) {
    const { from, granularity = "day", to } = query
    if (to < from) return yield* badQuery("to", "It is before from.")
    if (to - from >= maxDays[granularity]) {
      const asked = `${to - from + 1} dates`
      return yield* badQuery("to", `${asked} were asked for; ${granularity} by ${granularity} there are ${maxDays[granularity]} at most.`)
    }
    const consistency = yield* consistencyOf(request, query.consistency)
    const { read } = yield* Activity
    const found = yield* read(yield* CurrentTenant, user_id, { from, to, granularity, consistency })
    return found === undefined ? yield* new UserNotFound({}) : yield* conditionalJson(request, found)
  },
  inReadSlot,
  Effect.catchTags({ ...readingProblems, ...rowProblems })
)
