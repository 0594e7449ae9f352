import { known } from "../../values/known.ts"
import { invalidItem } from "./invalidItem.ts"
import { playerOf } from "./Player.ts"
import { playerSession } from "./playerSession.ts"
import type { Step } from "./Scene.ts"
import { type SeededRandom, seededRandom } from "./SeededRandom.ts"
import type { WireItem } from "./WireItem.ts"

/**
 * Why an item is sent: for the first time (`late`: some time after it happened), again as it was,
 * with a mistake, or again with other content.
 */
export type Nature = "new" | "late" | "repeat" | "invalid" | "conflict"

/** An item and when it is to be sent, in milliseconds since the epoch. */
export interface TrafficItem {
  readonly dueAt: number
  readonly nature: Nature
  readonly item: unknown
}

/** The most players who are at it at the same time. */
const maxSeats = 200

/** How long before it is sent an event has happened. */
const delay = 250

/** How many of the items sent last may be sent again. */
const recentItems = 400

/**
 * What FastTrack sends, item by item without an end: `rate` items a second, from sessions of the
 * players, who take turns. Some items come late, some again (singly, or a few hundred at once as
 * after an answer that got lost), a few with a mistake, fewer under a used id with other content.
 * The same options give the same items, whenever they are asked for.
 */
export function* traffic(options: {
  readonly seed: number
  readonly players: number
  readonly rate: number
  readonly startAt: number
}): Generator<TrafficItem, never> {
  const { rate, seed, startAt } = options
  const random = seededRandom(seed)
  const run = `${startAt.toString(36)}${(seed >>> 0).toString(36)}`
  const steps = stepsOf({ run, random, ...options })
  const recent: Array<WireItem> = []
  const held: Array<{ readonly from: number; readonly nature: Nature; readonly item: unknown }> = []

  for (let nth = 0;; nth++) {
    const dueAt = startAt + (nth * 1_000) / rate
    const ready = held.findIndex(({ from }) => from <= nth)
    const [again] = ready === -1 ? [] : held.splice(ready, 1)
    if (again !== undefined) {
      yield { dueAt, nature: again.nature, item: again.item }
      continue
    }
    const item = steps.next().value.item(dueAt - delay)
    const fate = random.next()
    if (fate < 0.0015) {
      held.push({ from: nth, nature: "invalid", item: invalidItem(random, item, `${run}-invalid-${nth.toString(36)}`) })
    } else if (fate < 0.002 && "amount" in item.data) {
      held.push({
        from: nth + 3 * rate,
        nature: "conflict",
        item: { ...item, data: { ...item.data, amount: item.data.amount === 1 ? 2 : 1 } }
      })
    } else if (fate < 0.017) {
      held.push({ from: nth + random.between(1, 4 * rate), nature: "repeat", item })
    } else if (fate < 0.0171) {
      for (const sent of recent.slice(-random.between(50, recentItems))) held.push({ from: nth, nature: "repeat", item: sent })
    } else if (fate < 0.03) {
      held.push({ from: nth + random.between(1, 10 * rate), nature: "late", item })
      nth--
      continue
    }
    if (recent.push(item) > 2 * recentItems) recent.splice(0, recentItems)
    yield { dueAt, nature: "new", item }
  }
}

interface Seat {
  readonly player: number
  readonly startedAt: number
  readonly steps: ReadonlyArray<Step>
  readonly nth: number
}

const timeOf = ({ nth, startedAt, steps }: Seat): number => startedAt + (steps[nth]?.after ?? 0)

/**
 * The steps of all sessions in order of time.
 *
 * Some players play at the same time. When a session ends, another player is drawn. The first
 * players play most.
 */
function* stepsOf(
  { players, random, run, seed }: { readonly players: number; readonly random: SeededRandom; readonly run: string; readonly seed: number }
): Generator<Step, never> {
  const seats: Array<Seat> = []
  const sessions = new Map<number, number>()
  const sit = (startedAt: number): Seat => {
    let player = 1 + Math.floor(players * random.next() ** 2)
    // The next one who is not at it: there are more players than seats.
    while (seats.some((seat) => seat.player === player)) player = (player % players) + 1
    const session = (sessions.get(player) ?? 0) + 1
    sessions.set(player, session)
    return { player, startedAt, steps: playerSession({ run, seed, player: playerOf(player), session }), nth: 0 }
  }
  while (seats.length < Math.min(maxSeats, Math.ceil(players / 2))) seats.push(sit(random.between(0, 20_000)))

  for (;;) {
    const first = seats.reduce((first, seat, at) => timeOf(seat) < timeOf(seats[first] ?? seat) ? at : first, 0)
    const seat = known(seats[first], "player of the demo")
    const step = seat.steps[seat.nth]
    if (step === undefined) {
      const { startedAt, steps } = seat
      seats.splice(first, 1)
      seats.push(sit(startedAt + (steps.at(-1)?.after ?? 0) + random.between(1_000, 20_000)))
    } else {
      seats[first] = { ...seat, nth: seat.nth + 1 }
      yield step
    }
  }
}
