import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import { bulkPath } from "../Rig.ts"
import { inRounds, type Row } from "../Row.ts"
import { outputOf, startChild } from "../ServiceUnderTest.ts"
import { singlesClient, type SinglesSent } from "../singlesClient.ts"
import { bodiesOf, traffic } from "../traffic.ts"

/** Bodies a second that are prepared: more than the service takes, so that every event is new. */
const mostPerSecond = 15_000

const loads = [
  { what: "1 a request, 64 connections", connections: 64, posts: true },
  { what: "1 a request, 16 connections", connections: 16, posts: true },
  { what: "/healthz, 64 connections", connections: 64, posts: false }
] as const

const bareHandler = fileURLToPath(new URL("../bareHandler.ts", import.meta.url))

let runs = 0

/** How fast single requests are answered, against a bare handler that the same client asks. */
export const singles: Row = {
  name: "singles",
  title: "Single requests over kept connections, acknowledged, all projections running",
  measure: Effect.fnUntraced(function*(bench) {
    const { seconds } = bench.profile
    const rig = yield* bench.rig
    const client = singlesClient()
    const bare = yield* startChild(process.execPath, [bareHandler], {})
    const output = outputOf(bare)
    const listening = () => /^listens on (http:\S+)$/m.exec(output())?.[1]
    while (listening() === undefined) yield* Effect.sleep("20 millis")
    const bareUrl = listening() ?? ""

    const sendTo = (url: string, { connections, posts }: (typeof loads)[number]) =>
      client.send({
        url,
        path: posts ? bulkPath : "/healthz",
        apiKey: rig.service.apiKey,
        connections,
        seconds,
        ...posts ? { bodies: bodiesOf(traffic({ run: `singles-${process.pid}-${++runs}`, users: 5_000 }), mostPerSecond * seconds, 1) } : {}
      })

    yield* rig.warmSingles
    for (const load of loads) yield* sendTo(bareUrl, load)
    const rounds = yield* inRounds(bench, () =>
      Effect.forEach(loads, (load) =>
        Effect.gen(function*() {
          const bare = yield* sendTo(bareUrl, load)
          const service = yield* sendTo(rig.service.url, load)
          yield* rig.quiet
          return { bare, service }
        })))
    const valuesOf = (load: number, value: (round: { readonly bare: SinglesSent; readonly service: SinglesSent }) => number) =>
      rounds.map((round) => {
        const measured = round[load]
        return measured === undefined ? NaN : value(measured)
      })
    return {
      measurements: loads.flatMap(({ what }, load) => [
        {
          what,
          unit: "requests/s",
          values: valuesOf(load, ({ service }) => service.perSecond),
          against: { what: "a bare handler", values: valuesOf(load, ({ bare }) => bare.perSecond) }
        },
        ...client.name === "wrk" ? [{ what: `${what}: p99`, unit: "ms", values: valuesOf(load, ({ service }) => service.p99) }] : []
      ]),
      notes: [
        `Sent by ${client.name}. A bare handler: node:http on Node, which reads the same bodies and answers 204, in the same round`
      ]
    }
  })
}
