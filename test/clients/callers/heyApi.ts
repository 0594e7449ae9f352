import { explainCounter, getCounters, getEvents, getLeaderboard } from "../generated/heyApi"
import { client } from "../generated/heyApi/client.gen"
import type {
  Activity,
  CasinoCounters,
  CasinoEvent,
  Changes,
  Counters,
  Games,
  IngestReport,
  Leaderboard,
  LeaderboardPlace,
  PaymentContribution,
  ProjectionParked
} from "../generated/heyApi/types.gen"
import { type Caller, expectType, expectTyped } from "./typed"

expectTyped<Counters>()
expectTyped<Games>()
expectTyped<Activity>()
expectTyped<Leaderboard>()
expectTyped<LeaderboardPlace>()
expectTyped<Changes>()
expectTyped<IngestReport>()
expectTyped<CasinoEvent>()
expectTyped<PaymentContribution>()
expectTyped<ProjectionParked>()

export const call: Caller = async (url, key) => {
  // Not handed over with each call: Deno has a use of its own for a `client` in a request.
  client.setConfig({ baseUrl: url, auth: key })
  const path = { user_id: "player-17" }
  const { data: counters } = await getCounters({ path, query: { consistency: "strong" }, throwOnError: true })
  const casino = counters.casino?.["EUR"]
  expectType<CasinoCounters | undefined>()(casino)
  const { data: events } = await getEvents({ path, throwOnError: true })
  const { data: explanation } = await explainCounter({ path, query: { path: "casino.EUR.bet_count" }, throwOnError: true })
  expectType<number | string | boolean | null>()(explanation.value)
  const refused = await getLeaderboard({ path: { board: "casino_turnover" }, query: {} })
  return {
    betCount: expectType<number | undefined>()(casino?.bet_count),
    betAmount: expectType<string | undefined>()(casino?.bet_amount),
    lastAt: expectType<string | null | undefined>()(casino?.last_at),
    logins: expectType<number | undefined>()(counters.logins?.login_count),
    username: expectType<string | undefined>()(counters.profile?.username),
    kinds: events.events.map(({ event }) => event),
    problem: refused.error?.type
  }
}
