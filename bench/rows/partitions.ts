import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { type EventCost, eventCost } from "../eventCost.ts"
import type { Measurement } from "../Measurement.ts"
import { processTree, tellsProcessorTime } from "../processorTime.ts"
import { type Load, type Rig, startRig } from "../Rig.ts"
import { type Bench, NotMeasured, type Row } from "../Row.ts"

const loads: ReadonlyArray<Load> = [{ items: 1_000, connections: 4 }, { items: 10_000, connections: 2 }]

interface Layout {
  readonly partitions: number
  readonly processes: number
}

const layouts: ReadonlyArray<Layout> = [1, 2].flatMap((processes) => [1, 2, 4, 8].map((partitions) => ({ partitions, processes })))

const isUsual = ({ partitions, processes }: Layout) => partitions === 1 && processes === 1

const nameOf = ({ partitions, processes }: Layout) =>
  `${partitions === 1 ? "1 partition" : `${partitions} partitions`}, ${processes === 1 ? "1 process" : `${processes} processes`}`

/**
 * In how many partitions the service has laid out its log: no directory, or an empty one, is one.
 */
const laidOut = Effect.fnUntraced(function*(sql: PgConnection.PgConnection) {
  const run = (statement: string) => sql.query(statement, [], false)
  const [known] = (yield* run("select to_regclass('partitions') is not null as known")).rows
  if (known?.["known"] !== true) return 1
  const [count] = (yield* run("select greatest(count(*), 1)::int as count from partitions")).rows
  return Number(count?.["count"])
})

type Setting = "PARTITIONS" | "PROCESSES"

/** The settings that a layout needs, beyond what is usual. */
const settingsOf = ({ partitions, processes }: Layout): ReadonlyArray<Setting> => [
  ...partitions === 1 ? [] : ["PARTITIONS" as const],
  ...processes === 1 ? [] : ["PROCESSES" as const]
]

/** Starts a service on fresh databases of the one server. */
const startLayout = ({ profile, runtime, server }: Bench, { partitions, processes }: Layout) =>
  Effect.gen(function*() {
    const others = yield* Effect.replicateEffect(server.database, partitions - 1)
    return yield* startRig(server, profile, runtime, {
      partitions: others,
      settings: {
        ...partitions === 1 ? {} : {
          PARTITIONS: String(partitions),
          DATABASE_SERVERS: others.map((url, at) => `p${at + 1}=${url}`).join(" ")
        },
        ...processes === 1 ? {} : { PROCESSES: String(processes) }
      }
    })
  })

/** The settings that a service has ignored, as it does with those it does not know. */
const ignoredBy = Effect.fnUntraced(function*({ service, sql }: Rig, { partitions, processes }: Layout) {
  const ignored: Array<Setting> = []
  if ((yield* laidOut(sql)) !== partitions) ignored.push("PARTITIONS")
  if (processTree(service.pid).length < processes) ignored.push("PROCESSES")
  return ignored
})

const measureLoads = ({ server }: Bench, rig: Rig) => Effect.forEach(loads, (load) => eventCost(rig, server, load))

/** What partitions of one server cost, and what several processes bring. */
export const partitions: Row = {
  name: "partitions",
  title: "The same load over partitions on one server, and over processes; processor time until the counters are caught up",
  withoutService: true,
  measure: Effect.fnUntraced(function*(bench) {
    if (!tellsProcessorTime) return yield* Effect.fail(new NotMeasured("processor time is read from /proc, which this machine has not"))
    const costs = new Map<Layout, Array<ReadonlyArray<EventCost>>>(layouts.map((layout) => [layout, []]))
    const ignored = new Set<Setting>()
    const isKnown = (layout: Layout) => !settingsOf(layout).some((setting) => ignored.has(setting))
    for (let round = 0; round < bench.profile.rounds; round++) {
      // Every second round in the other order, so that nobody always comes last.
      for (const layout of round % 2 === 0 ? layouts : layouts.toReversed()) {
        if (!isKnown(layout)) continue
        yield* bench.say(`round ${round + 1} of ${bench.profile.rounds}: ${nameOf(layout)}`)
        // A service of its own each time: an idle one takes processor time too.
        yield* Effect.scoped(Effect.gen(function*() {
          const rig = yield* startLayout(bench, layout)
          for (const setting of yield* ignoredBy(rig, layout)) ignored.add(setting)
          if (isKnown(layout)) costs.get(layout)?.push(yield* measureLoads(bench, rig))
        }))
      }
    }
    const known = layouts.filter(isKnown)
    const measurements = loads.flatMap(({ items }, at) => {
      const valuesOf = (layout: Layout, of: (cost: EventCost) => number) =>
        (costs.get(layout) ?? []).flatMap((round) => round.slice(at, at + 1).map(of))
      const figures: ReadonlyArray<readonly [what: string, unit: string, of: (cost: EventCost) => number]> = [
        ["service", "µs/event", ({ service }) => service],
        ["PostgreSQL", "µs/event", ({ postgres }) => postgres],
        ["both", "µs/event", ({ postgres, service }) => postgres + service],
        ["acknowledged", "events/s", ({ acknowledged }) => acknowledged],
        ["caught up", "events/s", ({ caughtUp }) => caughtUp]
      ]
      const usual = layouts.find(isUsual) ?? { partitions: 1, processes: 1 }
      return figures.flatMap(([what, unit, of]) =>
        known.map((layout): Measurement => ({
          what: `${items} a request, ${what}: ${nameOf(layout)}`,
          unit,
          values: valuesOf(layout, of),
          ...isUsual(layout) ? {} : { against: { what: nameOf(usual), values: valuesOf(usual, of) } }
        }))
      )
    })
    return {
      measurements,
      notes: [
        "The leaderboards run, but nobody waits for them",
        ...[...ignored].map((setting) => `Not measured: this version ignores ${setting}`)
      ]
    }
  })
}
