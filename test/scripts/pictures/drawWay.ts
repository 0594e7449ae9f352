import { arrow, box, note, svg } from "./svg.ts"

/** The steps of an event, with the room of each. */
const steps = [
  ["authenticate", "src/http"],
  ["decode", "src/fasttrack"],
  ["admit", "src/ingest"],
  ["user processor", "src/ingest"],
  ["slice writer", "src/ingest"]
] as const

/** The way of an event, from the sender to the engine. */
export const drawWay = (): string => {
  const [width, height, boxWidth, gap] = [900, 330, 130, 160]
  const xOf = (index: number) => 90 + index * gap + 20
  const [upper, lower] = [90, 250]
  const shapes = steps.flatMap(([name, room], index) => [
    box({ x: xOf(index), y: upper, width: boxWidth, height: 48, name, note: room }),
    index === 0 ? arrow(`M${xOf(0)} 30V${upper - 24}`) : arrow(`M${xOf(index - 1) + boxWidth / 2} ${upper}H${xOf(index) - boxWidth / 2}`)
  ])
  const last = xOf(4)
  return svg(width, height, "The way of an event", [
    note(xOf(0), 18, "the sender: POST …/bulk"),
    ...shapes,
    note(xOf(3) - 8, upper - 36, "one per active user"),
    note(xOf(4) + 8, upper - 36, "a commit for many users"),
    arrow(`M${last} ${upper + 24}V${lower - 29}`),
    note(last - 62, 168, "one statement"),
    box({ x: last, y: lower, width: boxWidth, height: 58, kind: "kept", name: "event log", note: "256 slices" }),
    arrow(`M${xOf(1)} ${upper + 24}V${lower - 29}`),
    note(xOf(1) - 32, 168, "invalid"),
    box({ x: xOf(1), y: lower, width: boxWidth, height: 58, kind: "kept", name: "rejected items", note: "kept as they came" }),
    arrow(`M${last - boxWidth / 2} ${lower}H${xOf(3) + boxWidth / 2}`),
    box({ x: xOf(3), y: lower, width: boxWidth, height: 58, name: "projections", note: "src/projections" }),
    note((last + xOf(3)) / 2, lower + 44, "read by (slice, position)"),
    arrow(`M${xOf(3) - boxWidth / 2} ${lower}H${xOf(2) + boxWidth / 2}`),
    box({ x: xOf(2), y: lower, width: boxWidth, height: 58, kind: "kept", name: "rows, checkpoints", note: "one transaction" }),
    arrow(`M${xOf(2)} ${lower + 29}V${height - 26}`),
    note(xOf(2), height - 14, "the engine: HTTP, SQL views, the feed of changes")
  ])
}
