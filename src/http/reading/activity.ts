import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { activityFields, activityFigures, type Product } from "../../projections/catalog/activity.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import * as Problems from "../problems/problems.ts"
import { Generations } from "./CountersSchema.ts"
import { Day, DayText } from "./Day.ts"
import { consistency, document, ifNoneMatch, notReady, prefer, UserId } from "./parameters.ts"

/** Most dates from `from` to `to`, both included. */
export const maxDays = { day: 400, week: 3660, month: 3660 } as const

const products = Object.keys(activityFields) as ReadonlyArray<Product>

const activityNames = {
  casino: "CasinoActivity",
  game_rounds: "GameRoundActivity",
  logins: "LoginActivity",
  payments: "PaymentActivity",
  sports: "SportsActivity"
} as const satisfies Record<Product, string>

const periodOf = (product: Product) =>
  Schema.Struct({
    from: DayText,
    to: DayText,
    product: Schema.Literal(product),
    currency: product === "logins" ? Schema.Null : Schema.String.annotate({ description: "Upper-cased" }),
    ...activityFigures(product)
  }).annotate({ identifier: activityNames[product] })

/** A user's activity as it is answered, for the API's description. */
const ActivitySchema = Schema.Struct({
  time_zone: Schema.String.annotate({ description: "IANA name of the zone in which the tenant's days begin" }),
  generations: Generations,
  periods: Schema.Array(Schema.Union(products.map(periodOf))),
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
  error: [Problems.UserNotFound, Problems.TooManyRows, ...notReady]
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
