import type { z } from "zod"
import { GetCountersResponse, GetEventsResponse, SendEventsBody } from "../generated/orvalZod"
import { type Caller, expectType, expectTyped } from "./typed"

type Counters = z.infer<typeof GetCountersResponse>
expectTyped<Counters>()

export const call: Caller = async (url, key) => {
  const read = async (path: string): Promise<{ readonly status: number; readonly json: unknown }> => {
    const response = await fetch(`${url}/api/v1/${path}`, { headers: { "x-api-key": key } })
    return { status: response.status, json: await response.json() }
  }
  const { json } = await read("users/player-17/counters?consistency=strong")
  const counters = GetCountersResponse.parse(json)
  const casino = counters.casino?.["EUR"]
  const events = GetEventsResponse.parse((await read("users/player-17/events")).json)
  // It is no rubber stamp: a count in text and an amount as a number are refused.
  for (const broken of [{ bet_count: "2" }, { bet_amount: 2.5 }, { bet_amount: "2.50" }, { first_at: "yesterday" }]) {
    const spoiled = { ...counters, casino: { EUR: { ...casino, ...broken } } }
    if (GetCountersResponse.safeParse(spoiled).success) throw new Error(`taken: ${JSON.stringify(broken)}`)
  }
  if (SendEventsBody.safeParse({ items: [{ event: "realtime-unknown", data: {} }] }).success) throw new Error("an unknown event is taken")
  return {
    betCount: expectType<number | undefined>()(casino?.bet_count),
    betAmount: expectType<string | undefined>()(casino?.bet_amount),
    lastAt: expectType<string | null | undefined>()(casino?.last_at),
    logins: expectType<number | undefined>()(counters.logins?.login_count),
    username: expectType<string | undefined>()(counters.profile?.username),
    kinds: events.events.map(({ event }) => event),
    problem: (await read("leaderboards/casino_turnover")).status === 400 ? "invalid-request" : undefined
  }
}
