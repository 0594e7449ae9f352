import { createHash, type Hash } from "node:crypto"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { FoldContext } from "../projection/FoldContext.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ReadRow } from "../projection/Section.ts"
import { FailsOnSampleLog } from "./FailsOnSampleLog.ts"
import { MemoryFold } from "./MemoryFold.ts"
import { orderlessText } from "./orderlessText.ts"
import { sampleLog } from "./sampleLog.ts"

/** An event of the sample log with its place there. */
type Placed = readonly [index: number, event: FastTrackEvent]

const asWritten: ReadonlyArray<Placed> = [...sampleLog.entries()]
/** The kinds mixed, so that a few events of each come together. */
const inTime: ReadonlyArray<Placed> = asWritten.toSorted(([, a], [, b]) => a.occurredAt - b.occurredAt)

const times = sampleLog.map(({ occurredAt }) => occurredAt)
const [firstTime, lastTime] = [Math.min(...times), Math.max(...times)]
const hour = 3_600_000

/**
 * What a version makes of the sample log, as a hash: the rows, and the section that readers get of
 * them. Both are looked at without events, after each of the first events, and then at some more
 * places, so that empty states and ties show. "Now" is another time at each place. It is done for a
 * tenant in UTC, and with the events in another order for one elsewhere whose weeks begin on
 * Sunday.
 *
 * The last look is at rows that tie in every column: how `present` then decides is seen there. The
 * order of rows and of an object's members is nothing that readers rely on, and makes no
 * difference.
 *
 * Throws {@link FailsOnSampleLog}, also if the first of it comes out otherwise a second time.
 */
export const evaluateSample = (projection: AnyProjection): string => {
  const hash = createHash("sha256")
  const end = look(projection, { timeZone: "UTC", weekStart: 1 }, asWritten, hash)
  look(projection, { timeZone: "America/New_York", weekStart: 7 }, inTime, hash)
  if (look(projection, { timeZone: "UTC", weekStart: 1 }, asWritten, undefined) !== end) throw unsteady(projection)
  return hash.digest("hex")
}

const unsteady = ({ name, version }: AnyProjection) =>
  new FailsOnSampleLog({
    projection: name,
    version,
    part: "fold",
    event: null,
    problem: "it gives another result each time, so it asks for the time or for something random, or remembers something beside its rows"
  })

/**
 * Folds the events, and gives the rows and the section at their end. What is looked at on the way,
 * and the end, goes into the hash, if there is one.
 */
const look = (projection: AnyProjection, context: FoldContext, events: ReadonlyArray<Placed>, hash: Hash | undefined): string => {
  const types: ReadonlyArray<string> = projection.events
  const own = events.filter(([, { event }]) => types.includes(event))
  const fold = new MemoryFold(projection, context)
  const shown = (rows: ReadonlyArray<ReadRow>, now: number): string =>
    orderlessText(projection.section.present(rows, { timeZone: context.timeZone, now }))
  const see = (last: Placed | undefined, now: number): string => {
    const rows = attempt(projection, "fold", last, () => fold.rows())
    return `${inOrder(rows).join()} ${attempt(projection, "present", last, () => shown(rows, now))}`
  }
  let looks = 0
  // Strides that visit the hours from the first event to two days after the last one.
  const nextTime = () => firstTime + ((looks++ * 397) % Math.ceil((lastTime - firstTime) / hour + 48)) * hour
  hash?.update(see(undefined, nextTime()))
  let from = 0
  for (const [at, placed] of own.entries()) {
    if (!isLook(at + 1, own.length)) continue
    const chunk = own.slice(from, at + 1)
    from = at + 1
    try {
      fold.add(chunk.map(([, event]) => event))
    } catch {
      // None of the chunk has been added.
      for (const placed of chunk) attempt(projection, "fold", placed, () => fold.add([placed[1]]))
    }
    hash?.update(see(placed, nextTime()))
  }
  const end = see(own.at(-1), lastTime + hour)
  hash?.update(end)
  hash?.update(ofTies(() => shown(tied(projection, fold.rows()), lastTime)))
  return end
}

/** The first events each, some more places, and the end. */
const isLook = (count: number, total: number): boolean => count <= 10 || count === total || count % Math.ceil(total / 5) === 0

/** Their columns are in the order in which they are declared. */
const inOrder = (rows: ReadonlyArray<ReadRow>): ReadonlyArray<string> => rows.map((row) => JSON.stringify(row)).sort()

/** The rows under their own keys, all with the columns of the least of them. */
const tied = ({ entities, totals }: AnyProjection, rows: ReadonlyArray<ReadRow>): ReadonlyArray<ReadRow> => {
  const key = (totals ?? Object.values(entities)[0])?.key ?? []
  const least: ReadRow = JSON.parse(inOrder(rows)[0] ?? "{}")
  return rows.map((row) => ({ ...least, ...Object.fromEntries(key.map((name) => [name, row[name]])) }))
}

/** Such rows may be none that there can be: `present` may fail on them. */
const ofTies = (shown: () => string): string => {
  try {
    return shown()
  } catch {
    return "fails"
  }
}

const attempt = <A>(projection: AnyProjection, part: "fold" | "present", placed: Placed | undefined, run: () => A): A => {
  try {
    return run()
  } catch (error) {
    const { name, version } = projection
    const event = placed === undefined ? null : { index: placed[0], kind: placed[1].event }
    throw new FailsOnSampleLog({ projection: name, version, part, event, problem: String(error).split("\n")[0]?.slice(0, 500) ?? "" })
  }
}
