import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { OwnLeads } from "../database/Leads.ts"
import { OwnPartition } from "../database/OwnPartition.ts"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { monotonicClock } from "../platform/monotonicClock.ts"
import { unmeasured } from "../projections/runner/LagMonitor.ts"
import { ProjectionRunner, type RunnerStatus } from "../projections/runner/ProjectionRunner.ts"
import { Pulse } from "../projections/runner/Pulse.ts"
import type { Slice } from "../values/Slice.ts"
import { OwnSupervisor, type SupervisorLink } from "./SupervisorLink.ts"

/** Milliseconds without a word of the supervisor after which the projections are not running. */
const patience = 10_000

/** How long the slices that have grown come together before the supervisor is told. */
const hintGather = "50 millis"

const runnerOf = Effect.fnUntraced(function*(link: SupervisorLink) {
  const signal = yield* AppendSignal
  const clock = yield* monotonicClock
  const fed = new Pulse()
  let status: RunnerStatus = { versions: [], running: true, gaps: [], ...unmeasured }
  let heard = clock.currentTimeMillisUnsafe()
  const partition = yield* OwnPartition
  const leads = yield* OwnLeads
  const listening = [
    link.listen("Fed", () => fed.beat()),
    link.listen("RunnerStatus", (message) => {
      if (message.partition !== partition) return
      status = message.status
      leads?.set(partition, message.lead)
      heard = clock.currentTimeMillisUnsafe()
    })
  ]
  yield* Effect.addFinalizer(() => Effect.sync(() => listening.forEach((stop) => stop())))
  const grown = new Set<Slice>()
  const hasGrown = Latch.makeUnsafe(false)
  const tellGrown = Effect.gen(function*() {
    yield* hasGrown.await
    yield* Effect.sleep(hintGather)
    link.send({ _tag: "Grown", slices: [...grown] })
    grown.clear()
    hasGrown.closeUnsafe()
  })
  yield* Effect.forkScoped(Effect.forever(tellGrown))
  signal.subscribe((slices) => {
    for (const slice of slices) grown.add(slice)
    hasGrown.openUnsafe()
  })
  return ProjectionRunner.of({
    status: () => ({ ...status, running: status.running && clock.currentTimeMillisUnsafe() - heard < patience }),
    feedNow: (slices, projections) => link.send({ _tag: "FeedNow", slices, projections }),
    nextChunk: () => fed.next()
  })
})

/**
 * The {@link ProjectionRunner} of one of several processes: the supervisor has the only one.
 *
 * One thread feeds the projections for all processes (docs/adr/0011-one-listener-hands-out.md).
 */
export const SupervisedRunner = {
  layer: Layer.effect(
    ProjectionRunner,
    Effect.flatMap(
      OwnSupervisor,
      (link) => link === undefined ? Effect.die(new Error("no supervisor has started this process")) : runnerOf(link)
    )
  )
} as const
