import type { PgClient } from "@effect/sql-pg"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ConsistentReads } from "../../../src/counters/ConsistentReads.ts"
import { Counters } from "../../../src/counters/Counters.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { ErasureStep, UserErasure } from "../../../src/erasure/UserErasure.ts"
import { AppendSignal } from "../../../src/event-log/AppendSignal.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../../../src/event-log/RecordedEvent.ts"
import { Admission } from "../../../src/ingest/Admission.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { RejectedEvents } from "../../../src/ingest/rejected/RejectedEvents.ts"
import { SliceWriters } from "../../../src/ingest/SliceWriters.ts"
import { UserProcessors } from "../../../src/ingest/UserProcessors.ts"
import { Settings } from "../../../src/platform/Settings.ts"
import { payments } from "../../../src/projections/catalog/payments.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { ProjectionRunner } from "../../../src/projections/runner/ProjectionRunner.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { counted } from "./counted.ts"
import { faultingSql, type Network } from "./FaultingSql.ts"

export const nextPayments: AnyProjection = { ...payments, version: payments.version + 1 }
export const projections: ReadonlyArray<AnyProjection> = [payments, nextPayments, counted]

/** Which request a fiber is at work for. */
export const RequestNumber = Context.Reference<number>("playtally/test/proof/simulation/RequestNumber", { defaultValue: () => -1 })

/** What became of one event, as its processor was told. */
export interface Told {
  readonly process: string
  readonly request: number
  readonly event: NewEvent
  readonly outcome: AppendOutcome
}

const processors = (process: string, tell: (told: Told) => void) =>
  Layer.effect(
    UserProcessors,
    Effect.map(UserProcessors, (real) =>
      UserProcessors.of({
        active: real.active,
        process: Effect.fnUntraced(function*(mail) {
          const request = yield* RequestNumber
          const outcomes = yield* real.process(mail)
          mail.forEach(({ events }, nth) =>
            events.forEach((event, at) => {
              const outcome = outcomes[nth]?.[at]
              if (outcome !== undefined) tell({ process, request, event, outcome })
            })
          )
          return outcomes
        })
      }))
  ).pipe(Layer.provide(UserProcessors.layer))

export type Services =
  | Ingest
  | Counters
  | UserErasure
  | EventLog
  | ProjectionCatalog
  | PgClient.PgClient

/**
 * What a process of the service is made of (`App.ts`), without HTTP and with the projections in the
 * same thread, on a simulated network.
 */
export const simulatedService = (network: Network, tell: (told: Told) => void) => (process: string) =>
  // Nobody has many events here, and all the same an erasure is to take some steps.
  Layer.mergeAll(Ingest.layer, Counters.layer, UserErasure.layer.pipe(Layer.provide(Layer.succeed(ErasureStep, 2)))).pipe(
    Layer.provideMerge(Layer.mergeAll(RejectedEvents.layer, Admission.layer)),
    Layer.provideMerge(processors(process, tell).pipe(Layer.provide(SliceWriters.layer))),
    Layer.provideMerge(ConsistentReads.layer),
    Layer.provideMerge(ProjectionRunner.layer),
    Layer.provideMerge(ProjectionCatalog.layer(projections)),
    Layer.provideMerge(Layer.mergeAll(EventLog.layer, AppendSignal.layer)),
    Layer.provideMerge(Layer.succeed(Migrations, Migrations.of({ applied: [] }))),
    Layer.provideMerge(Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ MAX_FUTURE_HOURS: "0" }))))),
    Layer.provideMerge(faultingSql(network, process))
  )
