import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Counters, type CountersDocument } from "../../../src/counters/Counters.ts"
import { UserErasure } from "../../../src/erasure/UserErasure.ts"
import { EventLog, EventLogCorrupt } from "../../../src/event-log/EventLog.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import type { IngestReport } from "../../../src/ingest/IngestReport.ts"
import { activateVersion } from "../../../src/projections/versions/activateVersion.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../../src/projections/versions/rebuild.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { type Choice, Schedule } from "./Schedule.ts"
import type { SimulatedDatabase } from "./SimulatedDatabase.ts"
import type { SimulatedProcess } from "./SimulatedProcess.ts"
import { nextPayments, RequestNumber, type Services, simulatedService, type Told } from "./simulatedService.ts"
import { drawWorkload, invalidItem, type Request, slices, tenant, type Workload } from "./Workload.ts"
import { type Action, World } from "./World.ts"

/** What a run was, for those who check it. */
export interface Run {
  readonly workload: Workload
  /** By the number of the request. */
  readonly reports: ReadonlyMap<number, IngestReport>
  readonly told: ReadonlyArray<Told>
  readonly documents: ReadonlyArray<CountersDocument>
  readonly erased: ReadonlySet<string>
  readonly isActivated: boolean
  /**
   * What processes said that they never should: that the log contradicts itself, or what nobody has
   * foreseen.
   */
  readonly alarms: ReadonlyArray<string>
  /** Whether a process or a statement has failed, and an answer may have got lost. */
  readonly isHurt: boolean
}

type Service = SimulatedProcess<Services>

/** Something that is begun again until it has succeeded as often as is left. */
interface Task {
  readonly label: string
  readonly weight: number
  left: number
  by: Service | undefined
  readonly start: (process: Service, done: (exit: Exit.Exit<unknown, unknown>) => void) => void
}

const allSlices = Array.from({ length: 256 }, (_, slice) => Slice(slice))

/**
 * Runs what a seed comes to: the schedule with its trace, and the run, or what kept it from its
 * end.
 */
export const simulate = async (seed: number, { reset, server }: SimulatedDatabase): Promise<readonly [Schedule, Run | Error]> => {
  const schedule = new Schedule(seed)
  await reset()
  const world = new World(schedule, server)
  try {
    return [schedule, await play(world)]
  } catch (error) {
    return [schedule, error instanceof Error ? error : new Error(String(error))]
  } finally {
    await world.close()
  }
}

const play = async (world: World): Promise<Run> => {
  const { random } = world.schedule
  const workload = drawWorkload(random)
  const told: Array<Told> = []
  const service = simulatedService(world, (one) => told.push(one))
  let started = 0
  const begin = (): Service => world.start<Services, unknown>(`P${++started}`, service)
  const services = Array.from({ length: 1 + random.below(2) }, begin)
  const isUp = () => services.every(({ services }) => services !== undefined)
  await world.run(isUp)

  world.isCalm = false
  world.faultRate = random.pick([0, 0.02, 0.1, 0.2])
  world.faultsLeft = random.below(12)
  let crashes = world.faultRate === 0 ? 0 : random.below(3)
  let outages = world.faultRate > 0 && random.chance(0.2) ? 1 : 0
  let holds = random.below(4)

  const reports = new Map<number, IngestReport>()
  /** Requests that their senders wait for, and where. */
  const underWay = new Map<number, { readonly process: Service }>()
  const requests = workload.requests.map((request, number) => ({
    request,
    number,
    isLast: number >= workload.requests.length - workload.last
  }))
  const send = (process: Service, number: number, request: Request) => {
    const items = request.map((one) => one?.item ?? invalidItem)
    const batch = Effect.flatMap(Ingest, (ingest) => ingest.batch(tenant, bulkItems(items), { strict: false })).pipe(
      Effect.provideService(RequestNumber, number)
    )
    const sending = { process }
    underWay.set(number, sending)
    process.run(batch, (exit) => {
      listen(exit)
      if (underWay.get(number) === sending) underWay.delete(number)
      world.note(`${process.name} answers request ${number}: ${Exit.isSuccess(exit) ? JSON.stringify(exit.value) : "failed"}`.slice(0, 160))
      if (Exit.isSuccess(exit) && !reports.has(number)) reports.set(number, exit.value)
    })
  }

  const task = (label: string, weight: number, left: number, start: Task["start"]): Task => ({ label, weight, left, by: undefined, start })
  const alarms: Array<string> = []
  const listen = (exit: Exit.Exit<unknown, unknown>) => {
    if (Exit.isSuccess(exit)) return
    for (const reason of exit.cause.reasons) {
      if (reason._tag === "Fail") world.note(`  failed: ${String(reason.error)}`)
      if (reason._tag === "Die") alarms.push(`a defect: ${String(reason.defect)}`)
      if (reason._tag === "Fail" && reason.error instanceof EventLogCorrupt) alarms.push(reason.error.message)
    }
  }
  const documents: Array<CountersDocument> = []
  const erased = new Set<string>()
  const isRebuilt = random.chance(0.6)
  const store = Effect.map(ProjectionCatalog, ({ stores }) => {
    const store = stores.find(({ projection }) => projection.name === nextPayments.name && projection.version === nextPayments.version)
    if (store === undefined) throw new Error("unreachable: it is in the catalog")
    return store
  })
  const rebuilding = task("a rebuild begins", 1, isRebuilt ? 1 : 0, (process, done) =>
    process.run(
      Effect.gen(function*() {
        const options = { slices: allSlices, onProgress: () => Effect.void }
        return yield* rebuild({ sql: yield* PgClient.PgClient, log: yield* EventLog }, [yield* store], options)
      }),
      done
    ))
  const activating = task("an activation begins", 3, isRebuilt ? 1 : 0, (process, done) =>
    process.run(
      Effect.gen(function*() {
        yield* activateVersion(yield* PgClient.PgClient, yield* store, { withParked: false, replaceViews: false }).pipe(
          Effect.catchIf((error) => error._tag === "ActivationRefused" && error.reason === "AlreadyActive", () => Effect.void)
        )
      }),
      done
    ))
  const reading = task("a reader reads", 1, random.below(isRebuilt ? 6 : 3), (process, done) => {
    const consistency = random.chance(0.5) ? { _tag: "Eventual" } as const : { _tag: "Strong", waitSeconds: 5 } as const
    process.run(
      Effect.map(
        Effect.flatMap(
          Counters,
          ({ read }) => read(tenant, workload.users.map((each) => UserId(each)), { sections: ["payments", "counted"], consistency })
        ),
        (read) => documents.push(...read)
      ).pipe(Effect.catchTag("ProjectionParked", () => Effect.void)),
      done
    )
  })
  const erasing = task("an erasure begins", 1, workload.last > 0 ? 1 : 0, (process, done) => {
    // An erasure that was not answered is asked for again: nobody else would take its last steps.
    const userId = [...erased][0] ?? random.pick(workload.users)
    erased.add(userId)
    process.run(Effect.flatMap(UserErasure, ({ erase }) => erase(tenant, UserId(userId))), done)
  })
  const tasks = [rebuilding, activating, reading, erasing]

  const living = () => services.filter(({ isGone, services }) => !isGone && services !== undefined)
  const isAnswered = () => requests.every(({ number }) => reports.has(number)) && tasks.every(({ left }) => left === 0)
  const actions = (): ReadonlyArray<Choice<Action>> => {
    const up = living()
    const possible: Array<Choice<Action>> = []
    const crashed = services.findIndex(({ isGone }) => isGone)
    if (crashed >= 0) {
      possible.push({ weight: 3, value: { label: "another process is started", perform: () => void (services[crashed] = begin()) } })
    }
    if (up.length === 0) return possible
    for (const { isLast, number, request } of requests) {
      if (reports.has(number) || (isLast && erasing.left > 0)) continue
      if (!underWay.has(number)) {
        const process = random.pick(up)
        possible.push({
          weight: 3,
          value: { label: `request ${number} goes to ${process.name}`, perform: () => send(process, number, request) }
        })
      } else if (world.faultRate > 0) {
        possible.push({
          weight: 0.1,
          value: { label: `the sender of request ${number} goes away`, perform: () => void underWay.delete(number) }
        })
      }
    }
    for (const task of tasks) {
      const isReady = task.left > 0 && (task.by === undefined || task.by.isGone) && (task !== activating || rebuilding.left === 0)
      if (!isReady) continue
      const process = random.pick(up)
      const perform = () => {
        task.by = process
        task.start(process, (exit) => {
          listen(exit)
          task.by = undefined
          world.note(`${task.label.replace("begins", "ends")}: ${Exit.isSuccess(exit) ? "done" : "failed"}`)
          if (Exit.isSuccess(exit)) task.left--
        })
      }
      possible.push({ weight: task.weight, value: { label: `${task.label} in ${process.name}`, perform } })
    }
    if (world.isCalm) return possible
    if (outages > 0) {
      const perform = () => {
        outages--
        world.cutOff(random.pick([500, 3_000, 9_000]))
      }
      possible.push({ weight: 0.5, value: { label: "the database cannot be reached for some time", perform } })
    }
    if (holds > 0 && requests.length - reports.size > 1) {
      const perform = () => {
        holds--
        return world.holdHead(random.pick(slices))
      }
      possible.push({ weight: 1, value: { label: "somebody holds the head of a slice", perform } })
    }
    if (crashes > 0) {
      const process = random.pick(up)
      const perform = () => {
        crashes--
        world.crash(process)
        for (const { number } of requests) {
          if (underWay.get(number)?.process === process) underWay.delete(number)
        }
      }
      possible.push({ weight: 0.3, value: { label: `${process.name} crashes`, perform } })
    }
    return possible
  }
  await world.run(isAnswered, actions)

  // All that is left is to fold what is in the log, and to come to rest.
  world.isCalm = true
  await world.run(async () => {
    if (!isUp()) return false
    const [left] = await world.server.ask<{ slices: number }>(`
      select count(*)::int as slices from slice_heads h join checkpoints c using (slice) join projection_versions v using (projection, version)
      where v.state = 'following' and c.position < h.position`)
    return left?.slices === 0
  }, () => actions().filter(({ value }) => value.label.startsWith("another")))
  return { workload, reports, told, documents, erased, alarms, isActivated: isRebuilt, isHurt: world.isHurt }
}
