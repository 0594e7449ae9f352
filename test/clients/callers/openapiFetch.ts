import createClient from "openapi-fetch"
import type { components, paths } from "../generated/openapiTypescript"
import { type Caller, expectType, expectTyped } from "./typed"

type Schemas = components["schemas"]

expectTyped<Schemas["Counters"]>()
expectTyped<Schemas["Games"]>()
expectTyped<Schemas["Activity"]>()
expectTyped<Schemas["Leaderboard"]>()
expectTyped<Schemas["LeaderboardPlace"]>()
expectTyped<Schemas["Changes"]>()
expectTyped<Schemas["IngestReport"]>()
expectTyped<Schemas["CasinoEvent"]>()
expectTyped<Schemas["PaymentContribution"]>()
expectTyped<Schemas["ProjectionParked"]>()

export const call: Caller = async (url, key) => {
  const client = createClient<paths>({ baseUrl: url, headers: { "x-api-key": key } })
  const query = { consistency: "strong" } as const
  const path = { user_id: "player-17" }
  const { data: counters, error } = await client.GET("/api/v1/users/{user_id}/counters", { params: { path, query } })
  if (counters === undefined) throw new Error(error.type)
  const casino = counters.casino?.["EUR"]
  expectType<Schemas["CasinoCounters"] | undefined>()(casino)
  const { data: events } = await client.GET("/api/v1/users/{user_id}/events", { params: { path } })
  const refused = await client.GET("/api/v1/leaderboards/{board}", { params: { path: { board: "casino_turnover" }, query: {} } })
  if (refused.response.status === 400) {
    // A program can tell problems apart by their types.
    expectType<"invalid-request" | "malformed-request" | undefined>()(
      refused.error?.status === 400 ? refused.error.type : undefined
    )
  }
  return {
    betCount: expectType<number | undefined>()(casino?.bet_count),
    betAmount: expectType<string | undefined>()(casino?.bet_amount),
    lastAt: expectType<string | null | undefined>()(casino?.last_at),
    logins: expectType<number | undefined>()(counters.logins?.login_count),
    username: expectType<string | undefined>()(counters.profile?.username),
    kinds: events?.events.map(({ event }) => event) ?? [],
    problem: refused.error?.type
  }
}
