import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { DatabaseUrl } from "../../database/DatabaseUrl.ts"
import { Migrations } from "../../database/Migrations.ts"
import { OwnPartition } from "../../database/OwnPartition.ts"
import { PoolShare } from "../../database/PoolShare.ts"
import { AppendSignal } from "../../event-log/AppendSignal.ts"
import { ProjectionRunner } from "./ProjectionRunner.ts"
import { ProjectionThreads } from "./ProjectionThreads.ts"

/** The {@link ProjectionRunner} of one database in one of the {@link ProjectionThreads}. */
export const ProjectionThread = {
  layer: Layer.effect(
    ProjectionRunner,
    Effect.gen(function*() {
      yield* Migrations
      const { pooler, url } = yield* DatabaseUrl
      const signal = yield* AppendSignal
      const threads = yield* ProjectionThreads
      const fed = yield* threads.feed({
        partition: yield* OwnPartition,
        databaseUrl: Redacted.value(url),
        pooler,
        databases: yield* PoolShare
      })
      signal.subscribe(fed.grown)
      return ProjectionRunner.of({ status: fed.status, feedNow: fed.feedNow, nextChunk: fed.nextChunk })
    })
  )
} as const
