import * as Effect from "effect/Effect"
import { isDeepStrictEqual } from "node:util"
import { erasedVersion, pseudonymOf } from "../../../src/event-log/pseudonym.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { wrongBuckets } from "../../../src/projections/tables/readRanking.ts"
import { userTables } from "../../../src/projections/versions/userTables.ts"
import { known } from "../../../src/values/known.ts"
import { UserId } from "../../../src/values/UserId.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { idText, referenceCounters } from "../../oracle/referenceCounters.ts"
import { referenceLeaderboard } from "../../oracle/referenceLeaderboards.ts"
import type { Run } from "./simulate.ts"
import type { SimulatedServer, SimulatedServers } from "./SimulatedServers.ts"
import { nextPayments, ranked } from "./simulatedService.ts"
import { poisons, type Sent, slices, tenant } from "./Workload.ts"

interface Row {
  readonly slice: number
  readonly position: number
  readonly user_id: string
  readonly key: string
  readonly payload_version: number
  readonly payload: string
  readonly occurred_at: number
}

/** An event of the log, with the item it is of; without one if it has been erased. */
interface Logged extends Row {
  readonly sent: Sent | undefined
}

/**
 * What is wrong after a run, nothing if all is as it should be:
 *
 * - nobody says that the log contradicts itself, and nothing ends in a defect;
 * - each slice is served by one server and stored nowhere else, but for what a move has left
 *   behind;
 * - positions are dense, and the heads agree with them;
 * - whatever a processor or a sender was told of an event, new, duplicate or conflict, is what the
 *   log says, at that position; nothing is new twice;
 * - the log holds nothing that was not sent, and nothing that was refused;
 * - a user's new events of one request stand in their order, and those of two requests of a process
 *   do not mix;
 * - the rows of every version that is fed are those of an independent fold of the log, for
 *   everybody who is not parked with a reason, the rebuilt version's are the live one's, and
 *   whoever was read saw folds of the log up to the position named, or for one of the projections
 *   up to a later one, which never went back;
 * - the halves of a split have nothing of each other, and leaderboards are those of the log, with
 *   nobody twice at any time;
 * - a strong reading has everything that was acknowledged before it.
 */
export const problemsOf = async (run: Run, { all }: SimulatedServers): Promise<ReadonlyArray<string>> => {
  const problems: Array<string> = [...run.alarms]
  const demand = (holds: boolean, problem: () => string) => {
    if (!holds) problems.push(problem())
  }
  const serverOf = new Map<number, SimulatedServer>()
  const rows: Array<Row> = []
  /** Events where their slice is not served any more. */
  const leftBehind: Array<Row> = []
  for (const one of all) {
    const { name } = one.server
    const heads = await one.server.ask<{ slice: number; head: number; is_wrong: boolean }>(`
      select h.slice, h.position::int as head, s.events, s.first::int, s.last::int,
        h.position <> coalesce(s.last, 0) or coalesce(s.first, 1) <> 1 or coalesce(s.last, 0) <> coalesce(s.events, 0) as is_wrong
      from slice_heads h left join (
        select slice, count(*)::int as events, min(position) as first, max(position) as last from events group by slice
      ) s using (slice)`)
    for (const head of heads) {
      demand(!head.is_wrong, () => `a slice with a hole or a wrong head: ${JSON.stringify(head)}`)
      demand(
        !serverOf.has(head.slice),
        () => `slice ${head.slice} is served twice: by ${serverOf.get(head.slice)?.server.name} and ${name}`
      )
      serverOf.set(head.slice, one)
    }
    const stored = await one.server.ask<Row>(`
      select slice, position::int as position, user_id, idempotency_key::text as key, payload_version, payload::text as payload,
        (extract(epoch from occurred_at) * 1000)::float8 as occurred_at
      from events order by slice, position`)
    const own = new Set(heads.map(({ slice }) => slice))
    for (const row of stored) (own.has(row.slice) ? rows : leftBehind).push(row)
  }
  for (const slice of slices) demand(serverOf.has(slice), () => `slice ${slice} is served nowhere`)
  const bySent = Map.groupBy(
    run.workload.requests.flat().filter((sent) => sent !== undefined),
    ({ item, key }) => `${item.data.user_id} ${key}`
  )
  const users = new Map(
    run.workload.users.flatMap((userId) => [[userId, userId], [pseudonymOf(tenant.keyNamespace, UserId(userId)), userId]])
  )
  const log = new Map<string, Logged>()
  const byKey = new Map<string, Logged>()
  for (const row of rows) {
    const isErased = row.payload_version === erasedVersion
    const sent = isErased ?
      undefined :
      bySent.get(`${row.user_id} ${row.key}`)?.find(({ occurredAt, payload }) => payload === row.payload && occurredAt === row.occurred_at)
    const logged = { ...row, sent }
    demand(isErased || sent !== undefined, () => `stored, but never sent: ${JSON.stringify(row)}`)
    log.set(`${row.slice} ${row.position}`, logged)
    const id = `${users.get(row.user_id)} ${row.key}`
    demand(!byKey.has(id), () => `stored again after it was erased: ${JSON.stringify(row)}`)
    byKey.set(id, logged)
  }
  if (run.isSplit) {
    demand(leftBehind.length === 0, () => `not cut off: ${JSON.stringify(leftBehind[0])}`)
    problems.push(...await cutProblems(all))
  }
  for (const row of leftBehind) {
    demand(log.get(`${row.slice} ${row.position}`)?.key === row.key, () => `stored where its slice is not served: ${JSON.stringify(row)}`)
  }
  const storedUnder = ({ item, key }: Sent): Logged | undefined => byKey.get(`${item.data.user_id} ${key}`)

  // What the processors were told.
  const fresh = new Set<string>()
  for (const { event, outcome, request } of run.told) {
    if (outcome._tag === "Refused") {
      problems.push(`request ${request}: refused for its data: ${outcome.message}`)
      continue
    }
    const place = `${event.slice} ${outcome.position}`
    const there = log.get(place)
    const name = () => `request ${request}: ${outcome._tag} at ${place}, but there is ${JSON.stringify(there ?? null)}`
    demand(there?.key === event.idempotencyKey, name)
    if (outcome._tag === "Appended") {
      demand(!fresh.has(place), () => `request ${request}: ${place} was new twice`)
      fresh.add(place)
    }
    // What an erased event said cannot be compared.
    if (there?.sent === undefined) continue
    const content = bySent.get(`${event.userId} ${event.idempotencyKey}`)?.find(({ occurredAt, payload }) =>
      payload === event.payload && occurredAt === event.occurredAt
    )?.content
    if (outcome._tag === "Appended") demand(there.payload === event.payload, name)
    else demand((there.sent.content === content) === (outcome._tag === "Duplicate"), name)
  }
  if (!run.isHurt) {
    demand(fresh.size === rows.length, () => `${rows.length} events, of which ${fresh.size} were said to be new`)
  }

  // What the senders were told.
  run.workload.requests.forEach((request, number) => {
    const report = run.reports.get(number)
    if (report === undefined) {
      problems.push(`request ${number} was never answered`)
      return
    }
    const rejected = new Map(report.rejected.map(({ index, reason }) => [index, reason]))
    demand(
      report.accepted + report.duplicates + rejected.size === request.length,
      () => `request ${number}: items are missing in the report`
    )
    request.forEach((sent, index) => {
      const reason = rejected.get(index)
      if (sent === undefined) {
        demand(reason === "invalid", () => `request ${number}: item ${index} is invalid, and was not rejected`)
        return
      }
      const stored = storedUnder(sent)
      const name = () =>
        `request ${number}: item ${index} (${sent.content}) was ${reason ?? "acknowledged"}, but there is ${JSON.stringify(stored ?? null)}`
      if (stored !== undefined && stored.sent === undefined) return
      demand(stored !== undefined && reason !== "invalid" && (stored.sent?.content === sent.content) === (reason === undefined), name)
    })
  })

  problems.push(...orderProblems(run))
  problems.push(...boardProblems(run, [...log.values()]))
  problems.push(...await foldProblems(run, serverOf, [...log.values()]))
  return problems
}

const orderProblems = ({ told }: Run): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const appended = told.filter(({ outcome }) => outcome._tag === "Appended")
  const ofUsers = Map.groupBy(appended, ({ event, process }) => `${process} ${event.userId}`)
  for (const [user, events] of ofUsers) {
    const ofRequests = [...Map.groupBy(events, ({ request }) => request)].map(([request, own]) => ({
      request,
      positions: own.map(({ outcome }) => outcome._tag === "Appended" ? outcome.position : 0)
    }))
    for (const { positions, request } of ofRequests) {
      if (!isDeepStrictEqual(positions, positions.toSorted((a, b) => a - b))) {
        problems.push(`request ${request}: the events of ${user} stand at ${positions.join(", ")}`)
      }
      for (const other of ofRequests) {
        const [least, most] = [Math.min(...other.positions), Math.max(...other.positions)]
        if (other.request > request && positions.some((at) => at < least) && positions.some((at) => at > most)) {
          problems.push(`requests ${request} and ${other.request} mix in the events of ${user}`)
        }
      }
    }
  }
  return problems
}

const foldProblems = async (
  run: Run,
  serverOf: ReadonlyMap<number, SimulatedServer>,
  log: ReadonlyArray<Logged>
): Promise<ReadonlyArray<string>> => {
  const problems: Array<string> = []
  for (const userId of run.workload.users) {
    const { sections, server, stores } = known(serverOf.get(sliceOf(tenant.tenantId, UserId(userId))), "server of a user")
    const parked = await server.ask<{ projection: string }>("select projection from parked_users where user_id = $1", [userId])
    const items = itemsOf(log, userId, Infinity)
    const isPoisoned = items.some(({ data }) => "game_id" in data && poisons.includes(idText(data.game_id)))
    const isParked = parked.some(({ projection }) => projection === "counted")
    if (isParked !== isPoisoned) problems.push(`${userId} is${isPoisoned ? " not" : ""} parked`)
    if (parked.some(({ projection }) => projection !== "counted")) problems.push(`parked without a reason: ${JSON.stringify(parked)}`)
    for (const { projection } of stores) {
      const { name, version } = projection
      if (version === nextPayments.version && !run.isActivated) continue
      // Boards are checked as a whole.
      if (name === ranked.name || (name === "counted" && isPoisoned)) continue
      const found = await sections(name, version, userId)
      const expected = expectedSection(name, items, userId)
      if (!isDeepStrictEqual(found, expected)) {
        problems.push(`${name} v${version} of ${userId}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`)
      }
    }
  }
  const reached = new Map<string, number>()
  for (const { atLeast, document } of run.readings) {
    if (document.position < atLeast) {
      problems.push(`a strong reader saw ${document.user_id} at ${document.position}, after ${atLeast} was acknowledged`)
    }
    const before = reached.get(document.user_id) ?? 0
    if (document.position < before) problems.push(`a reader saw ${document.user_id} go back from ${before} to ${document.position}`)
    reached.set(document.user_id, document.position)
    if (run.erased.has(document.user_id)) continue
    // Some projections may have been fed further than the position says, which is that of the one
    // furthest behind.
    const after = log.filter(({ position, user_id }) => user_id === document.user_id && position > document.position)
    const positions = [document.position, ...after.map(({ position }) => position)]
    const fresh = ["payments", "counted"].filter((name) => document.stale?.includes(name) !== true)
    const seen = fresh.map((name) =>
      positions.findIndex((upTo) =>
        isDeepStrictEqual(document[name], expectedSection(name, itemsOf(log, document.user_id, upTo), document.user_id))
      )
    )
    if (Math.min(...seen) < 0 || (fresh.length === 2 && Math.min(...seen) > 0)) {
      problems.push(`a reader saw what never was, or not all of one moment: ${JSON.stringify(document)}`)
    }
  }
  return problems
}

/** What the halves of a split have kept of each other. */
const cutProblems = async (all: SimulatedServers["all"]): Promise<ReadonlyArray<string>> => {
  const problems: Array<string> = []
  for (const { server, sql, stores } of all) {
    const heads = new Set((await server.ask<{ slice: number }>("select slice from slice_heads")).map(({ slice }) => slice))
    for (const { name } of await Effect.runPromise(userTables(sql))) {
      const users = await server.ask<{ user_id: string }>(`select distinct user_id from ${name}`)
      for (const { user_id } of users) {
        if (!heads.has(sliceOf(tenant.tenantId, UserId(user_id)))) problems.push(`${server.name} still has ${user_id} in ${name}`)
      }
    }
    const kept = await server.ask("select from split_rankings union all select from split_counts")
    if (kept.length > 0) problems.push(`${server.name} still subtracts ${kept.length} counts`)
    for (const store of stores) {
      const wrong = await Effect.runPromise(wrongBuckets(sql, store))
      if (wrong > 0) problems.push(`${server.name} has ${wrong} wrong buckets of ${store.projection.name}`)
    }
  }
  return problems
}

/**
 * What is wrong with leaderboards: the last one is that of the log, and each of them, also in the
 * middle of a split, has each user once and as many as it says.
 */
const boardProblems = (run: Run, log: ReadonlyArray<Logged>): ReadonlyArray<string> => {
  if (run.boards === undefined) return []
  const problems: Array<string> = []
  const isOnce = (users: ReadonlyArray<{ readonly user_id: string }>, count: number) =>
    new Set(users.map(({ user_id }) => user_id)).size === users.length && users.length === count
  for (const top of run.boards.tops) {
    if (!isOnce(top.entries, top.user_count)) problems.push(`a board says ${top.user_count} users: ${JSON.stringify(top.entries)}`)
  }
  for (const place of run.boards.places) {
    const all = [...place.above, place, ...place.below]
    if (place.rank !== place.above.length + 1 || !isOnce(all, place.user_count)) problems.push(`a wrong place: ${JSON.stringify(place)}`)
  }
  const items = run.workload.users.flatMap((userId) => itemsOf(log, userId, Infinity))
  const expected = referenceLeaderboard(items, run.workload.users, {
    board: "casino_turnover",
    period: "all",
    day: 0,
    currency: "EUR",
    timeZone: tenant.timeZone,
    weekStart: tenant.weekStart
  })
  if (!isDeepStrictEqual(run.boards.last?.entries, expected)) {
    problems.push(`the board is ${JSON.stringify(run.boards.last?.entries)} instead of ${JSON.stringify(expected)}`)
  }
  return problems
}

const itemsOf = (log: ReadonlyArray<Logged>, userId: string, upTo: number): ReadonlyArray<FastTrackItem> =>
  log.flatMap(({ position, sent, user_id }) => sent !== undefined && user_id === userId && position <= upTo ? [sent.item] : [])

const expectedSection = (name: string, items: ReadonlyArray<FastTrackItem>, userId: string): unknown => {
  if (name === "payments") return { ...referenceCounters(items, { timeZone: tenant.timeZone, now: new Date(0), userId }).payments }
  const bets = new Map<string, number>()
  for (const { data } of items) if ("game_id" in data) bets.set(idText(data.game_id), (bets.get(idText(data.game_id)) ?? 0) + 1)
  return Object.fromEntries(bets)
}
