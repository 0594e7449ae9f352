import {
  type Activity,
  type CasinoCounters,
  type CasinoEvent,
  type Changes,
  type Counters,
  type Games,
  getCounters,
  getEvents,
  getLeaderboard,
  type IngestReport,
  type Leaderboard,
  type LeaderboardPlace,
  type PaymentContribution,
  type ProjectionParked
} from "../generated/orvalFetch"
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

// The URL is in the generated code.
export const call: Caller = async (_, key) => {
  const options = { headers: { "x-api-key": key } }
  const answer = await getCounters("player-17", { consistency: "strong" }, options)
  if (answer.status !== 200) throw new Error(String(answer.status))
  const counters = expectType<Counters>()(answer.data)
  const casino = counters.casino?.["EUR"]
  expectType<CasinoCounters | undefined>()(casino)
  const events = await getEvents("player-17", {}, options)
  const refused = await getLeaderboard("casino_turnover", {}, options)
  return {
    betCount: expectType<number | undefined>()(casino?.bet_count),
    betAmount: expectType<string | undefined>()(casino?.bet_amount),
    lastAt: expectType<string | null | undefined>()(casino?.last_at),
    logins: expectType<number | undefined>()(counters.logins?.login_count),
    username: expectType<string | undefined>()(counters.profile?.username),
    kinds: events.status === 200 ? events.data.events.map(({ event }) => event) : [],
    problem: refused.status === 400 ? refused.data.type : undefined
  }
}
