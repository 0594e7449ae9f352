import { arrow, box, note, svg } from "./svg.ts"
import { usedRooms } from "./usedRooms.ts"

const [boxWidth, columnWidth, rowHeight, margin] = [160, 184, 84, 24]

/** Rooms without database, clock, chance and files, as `rooms.test.ts` holds. */
const pure = new Set(["values", "fasttrack", "projections/projection", "projections/catalog", "projections/fold"])

interface Place {
  readonly x: number
  readonly y: number
}

/** An arrow that leaves and arrives at the sides of boxes, beside those in between. */
const detour = (from: Place, to: Place, between: ReadonlyArray<Place>): string => {
  const side = to.x < from.x ? -1 : 1
  const half = boxWidth / 2
  let lane = from.x + side * (half + 12)
  for (let hit: Place | undefined; (hit = between.find(({ x }) => Math.abs(x - lane) < half + 6)) !== undefined;) {
    lane = hit.x + side * (half + 12)
  }
  const arrival = Math.abs(lane - to.x) < half
    ? `V${to.y - 18}`
    : `V${to.y - 24}Q${lane} ${to.y} ${to.x + Math.sign(lane - to.x) * half} ${to.y}`
  return arrow(`M${from.x + side * half} ${from.y}Q${lane} ${from.y} ${lane} ${from.y + 24}${arrival}`)
}

/**
 * The rooms of the source, floor by floor: each stands one floor above the highest room that it
 * uses. An arrow that follows from others is left out.
 */
export const drawRooms = (): string => {
  const used = usedRooms()
  const floors = new Map<string, number>()
  const floorOf = (room: string): number => {
    const known = floors.get(room)
    if (known !== undefined) return known
    // A circle would never end: it counts as a floor below all, and the test of the rooms names it.
    floors.set(room, 0)
    const floor = Math.max(-1, ...[...used.get(room) ?? []].map(floorOf)) + 1
    floors.set(room, floor)
    return floor
  }
  const rooms = [...used.keys()].sort()
  const top = Math.max(...rooms.map(floorOf))
  const rows = Array.from({ length: top + 1 }, (_, floor) => rooms.filter((room) => floorOf(room) === floor))
  const widest = Math.max(...rows.map(({ length }) => length))
  const width = widest * columnWidth + 2 * margin
  const height = (top + 1) * rowHeight + margin

  const reaches = (from: string, to: string): boolean => [...used.get(from) ?? []].some((room) => room === to || reaches(room, to))
  const direct = rooms.map((room) => {
    const below = [...used.get(room) ?? []].sort()
    return [room, below.filter((to) => !below.some((other) => other !== to && reaches(other, to)))] as const
  })

  // Each floor in the order of the middle of what its rooms use, so that arrows cross little.
  const places = new Map<string, Place>()
  const below = new Map(direct)
  for (const [floor, row] of rows.entries()) {
    const middle = (room: string) => {
      const xs = (below.get(room) ?? []).map((to) => places.get(to)?.x ?? width / 2)
      return xs.length === 0 ? width / 2 : xs.reduce((sum, x) => sum + x, 0) / xs.length
    }
    const ordered = row.map((room) => ({ room, middle: middle(room) })).sort((a, b) => a.middle - b.middle || (a.room < b.room ? -1 : 1))
    for (const [index, { room }] of ordered.entries()) {
      places.set(room, { x: width / 2 + (index - (row.length - 1) / 2) * columnWidth, y: margin + (top - floor) * rowHeight + 18 })
    }
  }

  const arrows = direct.flatMap(([room, others]) =>
    others.map((to) => {
      const [from, end] = [places.get(room), places.get(to)]
      if (from === undefined || end === undefined) throw new Error(`a room without a place: ${room} or ${to}`)
      const between = [...places.values()].filter(({ y }) => y > from.y && y < end.y)
      const xAt = (y: number) => from.x + (end.x - from.x) * (y - from.y) / (end.y - from.y)
      if (between.some(({ x, y }) => Math.abs(x - xAt(y)) < boxWidth / 2 + 4)) return detour(from, end, between)
      const [startY, endY] = [from.y + 18, end.y - 18]
      const bend = Math.min(40, (endY - startY) / 2)
      return arrow(`M${from.x} ${startY}C${from.x} ${startY + bend} ${end.x} ${endY - bend} ${end.x} ${endY}`)
    })
  )
  const boxes = rooms.map((room) => {
    const { x, y } = places.get(room) ?? { x: 0, y: 0 }
    return box({ x, y, width: boxWidth, kind: pure.has(room) ? "pure" : "box", name: room === "app" ? "app, thread" : room })
  })
  const legend = note(
    width / 2,
    height - 14,
    "An arrow goes from a room to a room it uses; those that follow from others are left out. Green: pure."
  )
  return svg(width, height, "The rooms of the house, and what each may use", [...arrows, ...boxes, legend])
}
