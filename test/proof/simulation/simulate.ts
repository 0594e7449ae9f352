import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { BoardSelection } from "../../../src/counters/boardSelection.ts"
import { Counters, type CountersDocument } from "../../../src/counters/Counters.ts"
import { type LeaderboardDocument, type LeaderboardPlace, Leaderboards } from "../../../src/counters/Leaderboards.ts"
import { UserErasure } from "../../../src/erasure/UserErasure.ts"
import { EventLog, EventLogCorrupt } from "../../../src/event-log/EventLog.ts"
import { allSlices } from "../../../src/event-log/sliceOf.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import type { IngestReport } from "../../../src/ingest/IngestReport.ts"
import { CutStep } from "../../../src/partitions/moves/cutHalf.ts"
import { beginCut, endCut } from "../../../src/partitions/moves/cutSplit.ts"
import { homeServer, type PartitionEntry } from "../../../src/partitions/PartitionMap.ts"
import { serverClient } from "../../../src/partitions/serverClient.ts"
import { spreadVersions } from "../../../src/partitions/spreadVersions.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../../src/projections/versions/rebuild.ts"
import { known } from "../../../src/values/known.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { PartitionMover } from "./PartitionMover.ts"
import { type Choice, Schedule } from "./Schedule.ts"
import type { Server } from "./Server.ts"
import type { SimulatedProcess } from "./SimulatedProcess.ts"
import { layoutOf, type SimulatedServers, spareServer } from "./SimulatedServers.ts"
import { nextPayments, ranked, RequestNumber, type Services, SimulatedPartitions, simulatedService, type Told } from "./simulatedService.ts"
import { drawWorkload, invalidItem, type Request, slices, tenant, type Workload } from "./Workload.ts"
import { type Action, World } from "./World.ts"

/** What a run was, for those who check it. */
export interface Run {
  readonly workload: Workload
  /** By the number of the request. */
  readonly reports: ReadonlyMap<number, IngestReport>
  readonly told: ReadonlyArray<Told>
  readonly readings: ReadonlyArray<Reading>
  /** Undefined if the processes of the run feed no leaderboards. */
  readonly boards: BoardReadings | undefined
  /** Whether a partition was split. */
  readonly isSplit: boolean
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

/** A document that a reader got, and the least position that it may be of. */
export interface Reading {
  readonly document: CountersDocument
  readonly atLeast: number
}

/** What readers saw of leaderboards. */
export interface BoardReadings {
  readonly tops: Array<LeaderboardDocument>
  readonly places: Array<LeaderboardPlace>
  /** After everything else. */
  last: LeaderboardDocument | undefined
}

/** A board of all users, who are few. */
export const selection: BoardSelection = { board: "casino_turnover", period: "all", day: undefined, currency: "EUR" }
const wholeBoard = 100

/** How many partitions the log of a run has; without a number the seed says so. */
export interface SimulateOptions {
  readonly partitions?: 1 | 3 | undefined
  /** Whether the partition of each run is split, which is one then; otherwise the seed says so. */
  readonly split?: boolean
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

/**
 * Runs what a seed comes to: the schedule with its trace, and the run, or what kept it from its
 * end.
 */
export const simulate = async (
  seed: number,
  servers: SimulatedServers,
  { partitions, split = false }: SimulateOptions = {}
): Promise<readonly [Schedule, Run | Error]> => {
  const schedule = new Schedule(seed)
  // The workload comes first: it is the same whatever the partitions are.
  const workload = drawWorkload(schedule.random)
  const drawn = schedule.random.chance(0.5) ? 1 : 3
  const layout = layoutOf(split ? 1 : partitions ?? drawn)
  await servers.reset(layout)
  const [first, ...others] = servers.all
  const world = new World(schedule, [first.server, ...others.map(({ server }) => server)])
  try {
    return [schedule, await play(world, { workload, layout, servers, split })]
  } catch (error) {
    return [schedule, error instanceof Error ? error : new Error(String(error))]
  } finally {
    await world.close()
  }
}

/** How many readings come after the fence of a move that a process does not hear of. */
const lateReadings = 3

/** What a run begins with. */
interface Beginning {
  readonly workload: Workload
  readonly layout: ReadonlyArray<PartitionEntry>
  readonly servers: SimulatedServers
  readonly split: boolean
}

const play = async (world: World, { layout, servers, split, workload }: Beginning): Promise<Run> => {
  const { random } = world.schedule
  world.note(`a log in ${layout.length} ${layout.length === 1 ? "partition" : "partitions"}`)
  const told: Array<Told> = []
  const isMoved = random.chance(0.3) || split
  // Other partitions have one slice with users.
  const at = isMoved && layout.length === 1 && (random.chance(0.6) || split) ? random.pick(slices.slice(1)) : undefined
  const boards: BoardReadings | undefined = at === undefined ? undefined : { tops: [], places: [], last: undefined }
  const service = simulatedService(world, (one) => told.push(one), { boards: boards !== undefined })
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
  let outagesOfOne = world.faultRate > 0 ? random.below(3) : 0
  let holds = random.below(4)
  const sqlOf = ({ name }: Server) => known(servers.all.find(({ server }) => server.name === name), "server").sql
  const mover = isMoved
    ? new PartitionMover(world, { entry: random.pick(layout), at, owned: servers.owned, kills: random.below(3), sqlOf })
    : undefined
  /** A process that does not hear of the move in time. */
  const deaf = world.faultRate > 0 && random.chance(0.5) ? random.pick(services).name : undefined
  if (deaf !== undefined) {
    mover?.onNoted(() => {
      world.note(`  ${deaf} cannot reach home, and does not hear of it`)
      world.cutOff(20_000, { process: deaf, server: homeServer })
    })
  }
  /** While it is deaf, some requests and readings come after the fence. */
  const isBeforeFence = () => deaf !== undefined && mover?.isFenced === false
  /** The server that serves a slice. */
  const serverOf = (slice: number) => {
    const entry = known(layout.find(({ first, last }) => first <= slice && slice <= last), "partition of a slice")
    return mover?.entry === entry ? mover.serverOf(slice) : world.server(entry.server)
  }

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
  const readings: Array<Reading> = []
  const erased = new Set<string>()
  const isRebuilt = random.chance(0.6)
  const { name, version } = nextPayments
  const rebuilding = task("a rebuild begins", 1, isRebuilt ? 1 : 0, (process, done) =>
    process.run(
      Effect.gen(function*() {
        const partitions = yield* SimulatedPartitions
        return yield* partitions.everywhere((services) => {
          const store = known(
            Context.get(services, ProjectionCatalog).stores.find(({ projection }) =>
              projection.name === name && projection.version === version
            ),
            "store of the next version"
          )
          const source = { sql: Context.get(services, PgClient.PgClient), log: Context.get(services, EventLog) }
          return rebuild(source, [store], { slices: allSlices, onProgress: () => Effect.void })
        })
      }),
      done
    ))
  const activating = task("an activation begins", 3, isRebuilt ? 1 : 0, (process, done) =>
    process.run(
      Effect.gen(function*() {
        const { activate } = spreadVersions(yield* SimulatedPartitions)
        yield* activate({ name, version }, { acceptChanges: true, withParked: false, replaceViews: false }).pipe(
          Effect.catchIf((error) => error._tag === "ActivationRefused" && error.reason === "AlreadyActive", () => Effect.void)
        )
      }),
      done
    ))
  /**
   * The last position of each user that a sender may know of: no strong reading is of an earlier
   * one.
   */
  const acknowledged = () => {
    const last = new Map<string, number>()
    for (const { event: { userId }, outcome } of told) {
      if (outcome._tag !== "Refused") last.set(userId, Math.max(last.get(userId) ?? 0, outcome.position))
    }
    return last
  }
  const reading = task("a reader reads", 1, random.below(isRebuilt ? 6 : 3) + (isBeforeFence() ? lateReadings : 0), (process, done) => {
    const isStrong = random.chance(0.5)
    // A reading of one user needs one partition.
    const users = random.chance(0.5) ? workload.users : [random.pick(workload.users)]
    const consistency = isStrong ? { _tag: "Strong", waitSeconds: 5 } as const : { _tag: "Eventual" } as const
    const last = isStrong ? acknowledged() : new Map<string, number>()
    process.run(
      Effect.map(
        Effect.flatMap(
          Counters,
          ({ read }) => read(tenant, users.map((each) => UserId(each)), { sections: ["payments", "counted"], consistency })
        ),
        (read) => readings.push(...read.map((document) => ({ document, atLeast: last.get(document.user_id) ?? 0 })))
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
  let stops = random.below(4)
  let cutter: Fiber.Fiber<unknown, unknown> | undefined
  const cutting = task("the cut of the split begins", 2, mover?.isSplit === true ? 1 : 0, (process, done) => {
    cutter = process.run(Effect.scoped(cut(known(mover, "mover of a split"))), (exit) => {
      cutter = undefined
      done(exit)
    })
  })
  const boardReading = task("a reader reads a board", 3, boards === undefined ? 0 : 4 + random.below(8), (process, done) => {
    const consistency = random.chance(0.3) ? { _tag: "Strong", waitSeconds: 5 } as const : { _tag: "Eventual" } as const
    const userId = UserId(random.pick(workload.users))
    const isTop = random.chance(0.5)
    process.run(
      Effect.flatMap(Leaderboards, ({ place, top }) =>
        isTop
          ? Effect.map(top(tenant, selection, { limit: wholeBoard, consistency }), (found) => boards?.tops.push(found))
          : Effect.map(
            place(tenant, selection, { userId, neighbours: wholeBoard, consistency }),
            (found) => found === undefined ? undefined : boards?.places.push(found)
          )),
      done
    )
  })
  const tasks = [rebuilding, activating, reading, erasing, cutting, boardReading]

  const living = () => services.filter(({ isGone, services }) => !isGone && services !== undefined)
  const isAnswered = () =>
    alarms.length > 0 ||
    requests.every(({ number }) => reports.has(number)) && mover?.isDone !== false && tasks.every(({ left }) => left === 0)
  const actions = (): ReadonlyArray<Choice<Action>> => {
    const up = living()
    const possible: Array<Choice<Action>> = []
    const crashed = services.findIndex(({ isGone }) => isGone)
    if (crashed >= 0) {
      possible.push({ weight: 3, value: { label: "another process is started", perform: () => void (services[crashed] = begin()) } })
    }
    if (up.length === 0) return possible
    for (const { isLast, number, request } of requests) {
      const isHeldBack = isBeforeFence() && number >= workload.requests.length - workload.last - 1
      if (reports.has(number) || (isLast && erasing.left > 0) || isHeldBack) continue
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
      const isReady = task.left > 0 && (task.by === undefined || task.by.isGone) && (task !== activating || rebuilding.left === 0) &&
        (task !== cutting || mover?.isDone === true) &&
        !(task === reading && task.left <= lateReadings && isBeforeFence())
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
    if (mover !== undefined) possible.push(...mover.action())
    const stopped = cutter
    if (stopped !== undefined && stops > 0 && cutting.by?.isGone === false) {
      const perform = () => {
        stops--
        world.isHurt = true
        stopped.interruptUnsafe()
      }
      possible.push({ weight: 0.1, value: { label: "the cut of the split is stopped", perform } })
    }
    if (world.isCalm) return possible
    if (outages > 0) {
      const perform = () => {
        outages--
        world.cutOff(random.pick([500, 3_000, 9_000]))
      }
      possible.push({ weight: 0.5, value: { label: "nothing can be reached for some time", perform } })
    }
    if (outagesOfOne > 0) {
      const server = random.pick([homeServer, ...layout.map(({ server }) => server)])
      const process = random.pick([undefined, random.pick(up).name])
      const perform = () => {
        outagesOfOne--
        world.cutOff(random.pick([3_000, 9_000]), process === undefined ? { server } : { server, process })
      }
      possible.push({
        weight: 0.5,
        value: { label: `${process ?? "nobody"} ${process === undefined ? "can" : "cannot"} reach ${server} for some time`, perform }
      })
    }
    if (holds > 0 && requests.length - reports.size > 1) {
      const perform = () => {
        holds--
        const slice = random.pick(slices)
        return world.holdHead(serverOf(slice), slice)
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
  const another = () => actions().filter(({ value }) => value.label.startsWith("another"))
  if (boards !== undefined) {
    await world.run(isUp, another)
    let isReading = false
    // The process may have to hear first that a split has ended.
    let notBefore = 0
    const readAll = (process: Service) => {
      isReading = true
      const consistency = { _tag: "Strong", waitSeconds: 30 } as const
      process.run(
        Effect.flatMap(Leaderboards, ({ top }) => top(tenant, selection, { limit: wholeBoard, consistency })),
        (exit) => {
          listen(exit)
          isReading = false
          notBefore = world.now + 500
          if (Exit.isSuccess(exit)) boards.last = exit.value
        }
      )
    }
    await world.run(() => boards.last !== undefined, () => {
      const [process] = living()
      return process === undefined || isReading || boards.last !== undefined || world.now < notBefore
        ? another()
        : [{ weight: 1, value: { label: "the whole board is read", perform: () => readAll(process) } }]
    })
  }
  await world.run(async () => {
    if (!isUp()) return false
    const left = await Promise.all([...new Set(slices.map(serverOf))].map(async (server) => {
      const [own] = await server.ask<{ slices: number }>(`
        select count(*)::int as slices from slice_heads h join checkpoints c using (slice) join projection_versions v using (projection, version)
        where v.state = 'following' and c.position < h.position and projection <> '${boards === undefined ? ranked.name : ""}'`)
      return own?.slices
    }))
    return left.every((slices) => slices === 0)
  }, another)
  const isSplit = mover?.isSplit === true
  return { workload, reports, told, readings, boards, erased, alarms, isActivated: isRebuilt, isSplit, isHurt: world.isHurt }
}

/** What a command does at the end of a split, with clients of its own. */
const cut = Effect.fnUntraced(function*(mover: PartitionMover) {
  const home = yield* serverClient(homeServer)
  const spare = yield* serverClient(spareServer)
  const halves = mover.halves((name) => name === spareServer ? spare : home)
  yield* beginCut(halves)
  yield* endCut(halves, { stillCarriesOn: Effect.void, onRemoved: () => {}, endShrinking: mover.endShrinking(home) })
}, Effect.provideService(CutStep, { users: 1, rows: 3 }))
