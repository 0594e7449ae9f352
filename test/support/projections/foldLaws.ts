import { isDeepStrictEqual } from "node:util"
import { expect, vi } from "vitest"
import { valueAt } from "../../../src/counters/history/counterPath.ts"
import { type FastTrackEvent, idOf } from "../../../src/fasttrack/FastTrackEvent.ts"
import { foldUser } from "../../../src/projections/fold/foldUser.ts"
import { MemoryFold } from "../../../src/projections/fold/MemoryFold.ts"
import type { EntityRow } from "../../../src/projections/projection/EntityTable.ts"
import type { ReadContext } from "../../../src/projections/projection/FoldContext.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { seededRandom, shuffle } from "../../oracle/random.ts"
import { rowProblems } from "../database/rowProblems.ts"
import { askedBy } from "../service/surroundings.ts"

/**
 * The laws that every fold keeps, for a rebuild reads the log in other chunks than the feed did,
 * and a user's events may have been stored in any order:
 *
 * - any order of the events gives the same section;
 * - so does any cut into chunks, each folded on top of the rows of the one before;
 * - so does a resend in place of an event, as the log keeps whichever came first: other delivery
 *   times, another letter case of type and status;
 * - so does folding them again, at another time, or with another user's in between: nothing is
 *   remembered beside the rows;
 * - nothing is asked of the process: no clock, zone, locale or setting of it, and nothing random;
 * - so does another letter case of the currencies, and another order of the rows that are read;
 * - `rowOf` names the row that a value of the section is made from;
 * - the events, and the rows handed to `contributions`, `combine` and `present`, are left as they
 *   are;
 * - `combine` is associative, so that it does not matter which events were summed up together;
 * - the rows can be stored.
 *
 * Gives the section. A law that is broken is an error that names it, with as few of the events as
 * break it, and their arrangement; what the fold throws is thrown on.
 */
export const lawfulSection = (projection: AnyProjection, events: ReadonlyArray<FastTrackEvent>, context: ReadContext): unknown => {
  try {
    return checkedSection(projection, events, context)
  } catch (error) {
    throw smallestFailure(events, error, (fewer) => checkedSection(projection, fewer, context))
  }
}

/**
 * What fails in the same way, as its first line tells, once all events are left out that can be.
 */
const smallestFailure = (
  events: ReadonlyArray<FastTrackEvent>,
  error: unknown,
  check: (events: ReadonlyArray<FastTrackEvent>) => void
): unknown => {
  const wayOf = (failure: unknown) => String(failure).split("\n")[0]
  let [kept, smallest] = [events, error]
  for (let size = kept.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < kept.length;) {
      const fewer = kept.toSpliced(at, size)
      try {
        check(fewer)
        at += size
      } catch (failure) {
        if (wayOf(failure) === wayOf(error)) [kept, smallest] = [fewer, failure]
        else at += size
      }
    }
  }
  return smallest
}

const checkedSection = (projection: AnyProjection, events: ReadonlyArray<FastTrackEvent>, context: ReadContext): unknown => {
  const guarded = withFrozenRows(projection)
  const given = events.map((event) => deepFreeze(structuredClone(event)))
  const sectionOf = (chunks: ReadonlyArray<ReadonlyArray<FastTrackEvent>>): unknown => {
    const fold = new MemoryFold(guarded, Object.freeze({ timeZone: context.timeZone }))
    for (const chunk of chunks) fold.add(chunk)
    return fold.section(Object.freeze(context))
  }
  const tell = (law: string, ...more: ReadonlyArray<string>) =>
    [`${projection.name} ${law}`, ...given.slice(0, 20).map(lineOf), ...given.length > 20 ? ["  …"] : [], ...more].join("\n")

  let section: unknown
  try {
    section = sectionOf([given])
  } catch (error) {
    if (!isRefusedChange(error)) throw error
    throw new Error(tell("changes an event or a row that it is only to read.", error.message), { cause: error })
  }
  const asked = askedBy(() => sectionOf([given]))
  if (asked !== undefined) throw new Error(tell(`${asked.law}: it asks for ${asked.what}.`, `At ${asked.where}`))
  const problems = rowProblems(projection, foldUser(projection, given, { loaded: () => null, context }))
  if (problems.length > 0) throw new Error(tell("makes rows that cannot be stored.", ...problems))

  const demand = (law: string, arrangement: string, other: () => unknown) => {
    let found: unknown
    try {
      found = other()
    } catch (error) {
      throw new Error(tell(law, arrangement, `fails: ${String(error)}`), { cause: error })
    }
    if (!isDeepStrictEqual(found, section)) expect(found, tell(law, arrangement, "gives another section")).toStrictEqual(section)
  }
  demand("remembers something beside its rows, or is random.", "A second fold of the same events", () => sectionOf([given]))
  demand("depends on the time at which it is run.", "The same fold in the year 2100", () => inTheYear2100(() => sectionOf([given])))
  demand(
    "depends on what the log does not compare.",
    "A resend of each event, with other delivery times and in other letter case",
    () => sectionOf([given.map((event) => deepFreeze(resendOf(event)))])
  )
  demand(
    "depends on the letter case of a currency: see upperCase.",
    "The same events with the currencies of the first, the third and so on in other letter case",
    () => sectionOf([given.map((event, at) => at % 2 === 0 ? deepFreeze(inOtherCurrencyCase(event)) : event)])
  )
  const whole = new MemoryFold(guarded, Object.freeze({ timeZone: context.timeZone }))
  whole.add(given)
  demand(
    "depends on the order in which its rows are read.",
    "The same rows in reverse",
    () => guarded.section.present(whole.rows().toReversed(), Object.freeze(context))
  )
  for (const names of projection.section.rowOf === undefined ? [] : pathsIn(section).slice(0, maxPaths)) {
    const alone = valueAt(guarded.section.present(whole.rowsAt(names), context), names)
    if (isDeepStrictEqual(alone, valueAt(section, names))) continue
    throw new Error(tell("has a rowOf that names another row than a value is made from.", `It is so at ${names.join(".")}`))
  }
  const summed = sumsOf(guarded, given, context)
  for (const [index, sum] of summed.entries()) {
    const arrangement = `The first ${index + 1} by their order, then the others`
    if (isDeepStrictEqual(sum, summed.at(-1))) continue
    expect(sum, tell("has a combine that is not associative.", arrangement, "give another summary")).toStrictEqual(summed.at(-1))
  }
  for (const { cut, order } of arrangements(given.length)) {
    const chunks = cut.map((chunk) => chunk.flatMap((index) => given[index] ?? []))
    const law = order ?
      cut.length > 1 ? "depends on the order of the events and their cut into chunks." : "depends on the order of the events."
      : "depends on how the events are cut into chunks."
    demand(law, textOf(cut), () => sectionOf(chunks))
  }
  demand("shares something between users.", "The same events, with another user's folded in between", () => {
    const tenant = Object.freeze({ timeZone: context.timeZone })
    const [own, other] = [new MemoryFold(guarded, tenant), new MemoryFold(guarded, tenant)]
    for (const event of given) {
      other.add([deepFreeze({ ...structuredClone(event), userId: UserId("another user") })])
      other.section(Object.freeze(context))
      own.add([event])
    }
    return own.section(Object.freeze(context))
  })
  return section
}

/** Most values that `rowOf` is tried on. */
const maxPaths = 200

/** The names that lead to each value of a section that is no object. */
const pathsIn = (section: unknown): ReadonlyArray<ReadonlyArray<string>> =>
  typeof section !== "object" || section === null || Array.isArray(section)
    ? [[]]
    : Object.entries(section).flatMap(([name, member]) => pathsIn(member).map((names) => [name, ...names]))

const currencyFields = new Set(["currency", "user_currency", "meta_reporting_currency"])

/** The event as a sender who spells currencies otherwise sends it. */
const inOtherCurrencyCase = (event: FastTrackEvent): FastTrackEvent => {
  const spelled = Object.entries(event.data).map(([name, value]) => [
    name,
    currencyFields.has(name) && typeof value === "string" ? otherCase(value) : value
  ])
  // As in `resendOf`.
  return { ...event, data: Object.fromEntries(spelled) } as FastTrackEvent
}

/**
 * The summary of ordered events, put together in every two parts there are, and one after the
 * other.
 */
const sumsOf = (projection: AnyProjection, events: ReadonlyArray<FastTrackEvent>, context: ReadContext): ReadonlyArray<EntityRow> => {
  const { ordered } = projection
  if (ordered === undefined || events.length === 0) return []
  const byPlace = (a: FastTrackEvent, b: FastTrackEvent) => {
    const [[time, id], [otherTime, otherId]] = [ordered.order(a), ordered.order(b)]
    return time - otherTime || Buffer.compare(Buffer.from(id), Buffer.from(otherId))
  }
  const summaries = events.toSorted(byPlace).map((event) => ordered.one(event, { timeZone: context.timeZone }))
  const sum = (part: ReadonlyArray<EntityRow>) => part.reduce((earlier, later) => ordered.combine(earlier, later))
  const inTwo = summaries.slice(1).map((_, at) => ordered.combine(sum(summaries.slice(0, at + 1)), sum(summaries.slice(at + 1))))
  return [...inTwo, sum(summaries)]
}

/**
 * An event that the log takes for the same: it is set aside if it comes second, and stays if it
 * comes first (docs/design.md#idempotency).
 */
export const resendOf = (event: FastTrackEvent): FastTrackEvent => {
  const times = { entry_timestamp: "2001-01-01T00:00:00.000Z", process_timestamp: "2002-02-02T00:00:00.000Z" }
  const { data } = event
  // As everywhere in a copy, the compiler forgets that `data` is the data of `event`.
  return {
    ...event,
    data: { ...data, ...times, ...("status" in data ? { type: otherCase(data.type), status: otherCase(data.status) } : {}) }
  } as FastTrackEvent
}

/** Of ASCII letters alone, as the log has it. */
const otherCase = (text: string): string =>
  /[a-z]/.test(text) ? text.replace(/[a-z]/g, (letter) => letter.toUpperCase()) : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/**
 * Positions of the events, chunk by chunk; `order` tells whether the order is another than the one
 * given.
 */
interface Arrangement {
  readonly cut: ReadonlyArray<ReadonlyArray<number>>
  readonly order: boolean
}

/** Most events folded for the sake of an example with too many of them to try everything. */
const effort = 10_000

/**
 * All orders and cuts of up to four events, of more as many as there is time for. The simple ones
 * come first, for they explain more.
 */
const arrangements = function*(count: number): Generator<Arrangement> {
  const given = Array.from({ length: count }, (_, index) => index)
  if (count < 2) return
  if (count <= 4) {
    const orders = permutations(given).map((order) => ({ order, isOther: order.some((index, at) => index !== at) }))
    for (const { isOther, order } of orders) if (isOther) yield { cut: [order], order: true }
    for (let cuts = 1; cuts < 2 ** (count - 1); cuts++) {
      for (const { isOther, order } of orders) yield { cut: cutAt(order, (at) => (cuts >> (at - 1) & 1) === 1), order: isOther }
    }
    return
  }
  const random = seededRandom(count)
  yield { cut: [given.toReversed()], order: true }
  yield { cut: given.map((index) => [index]), order: false }
  for (let left = Math.max(5, Math.min(100, effort / count)); left > 0; left--) {
    const order = shuffle(random, given)
    yield { cut: left % 2 === 0 ? [order] : cutAt(order, () => random.chance(0.3)), order: true }
    yield { cut: cutAt(given, () => random.chance(0.3)), order: false }
  }
}

const permutations = <A>(values: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  values.length === 0 ? [[]] : values.flatMap((value, at) => permutations(values.toSpliced(at, 1)).map((others) => [value].concat(others)))

const cutAt = (order: ReadonlyArray<number>, isCut: (at: number) => boolean): ReadonlyArray<ReadonlyArray<number>> => {
  const chunks: Array<Array<number>> = [[]]
  for (const [at, index] of order.entries()) {
    if (at > 0 && isCut(at)) chunks.push([])
    chunks.at(-1)?.push(index)
  }
  return chunks
}

const textOf = (cut: ReadonlyArray<ReadonlyArray<number>>): string =>
  cut.length === 1 ? `The order ${numbers(cut[0])}` : `The chunks ${cut.map((chunk) => `(${numbers(chunk)})`).join(" ")}`

const numbers = (indexes: ReadonlyArray<number> = []): string => {
  const shown = indexes.slice(0, 20).map((index) => index + 1).join(" ")
  return indexes.length > 20 ? `${shown} …` : shown
}

/** `  2  realtime-payment payment-000001 Credit Approved 2026-01-01T12:00:00.000Z`. */
const lineOf = ({ data, event, occurredAt }: FastTrackEvent, index: number): string => {
  const type = [...("type" in data ? [data.type] : []), ...("status" in data ? [data.status] : [])]
  return [`  ${index + 1} `, event, shortened(idOf({ data, event })), ...type, new Date(occurredAt).toISOString()].join(" ")
}

const shortened = (id: string): string => {
  const characters = [...id]
  return characters.length <= 40 ? id : `${characters.slice(0, 20).join("")}…`
}

const deepFreeze = <A>(value: A): A => {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}

/** The projection, with rows that cannot be changed wherever it is only to read them. */
const withFrozenRows = (projection: AnyProjection): AnyProjection => ({
  ...projection,
  contributions: Object.fromEntries(
    Object.entries(projection.contributions).map(([table, contributions]) => [table, (row) => contributions(Object.freeze({ ...row }))])
  ),
  ordered: projection.ordered === undefined ? undefined : {
    ...projection.ordered,
    combine: (earlier, later) => projection.ordered?.combine(Object.freeze({ ...earlier }), Object.freeze({ ...later })) ?? {}
  },
  section: { ...projection.section, present: (rows, context) => projection.section.present(deepFreeze(structuredClone(rows)), context) }
})

/** What the runtime says of an attempt to change something frozen. */
const isRefusedChange = (error: unknown): error is TypeError =>
  error instanceof TypeError && /read only|not extensible|Cannot (?:delete|redefine) property/.test(error.message)

const inTheYear2100 = <A>(run: () => A): A => {
  if (vi.isFakeTimers()) return run()
  vi.useFakeTimers({ now: Date.UTC(2100, 0, 1), toFake: ["Date"] })
  try {
    return run()
  } finally {
    vi.useRealTimers()
  }
}
