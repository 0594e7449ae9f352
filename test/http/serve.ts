import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Result from "effect/Result"
import { connect } from "node:net"
import { Activity } from "../../src/counters/Activity.ts"
import { Changes } from "../../src/counters/changes/Changes.ts"
import { type FeedPlace, nothingTold } from "../../src/counters/changes/FeedPlace.ts"
import { vectorOf } from "../../src/counters/changes/LogOffset.ts"
import { Counters, type CountersDocument } from "../../src/counters/Counters.ts"
import { Games } from "../../src/counters/Games.ts"
import { Explanation } from "../../src/counters/history/Explanation.ts"
import { TimeTravel } from "../../src/counters/history/TimeTravel.ts"
import { Leaderboards } from "../../src/counters/Leaderboards.ts"
import { ReadShares } from "../../src/counters/ReadShares.ts"
import { Users } from "../../src/counters/Users.ts"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { noHistory } from "../../src/event-log/Lineage.ts"
import type { BulkItems } from "../../src/fasttrack/BulkItems.ts"
import { malformedJson } from "../../src/fasttrack/malformedJson.ts"
import { AnswerBudget } from "../../src/http/answers/AnswerBudget.ts"
import { RecheckAfter } from "../../src/http/authentication/keyAuthentication.ts"
import { GracePeriod, Server } from "../../src/http/Server.ts"
import { Draining } from "../../src/http/server/Draining.ts"
import { Settling } from "../../src/http/server/FairServer.ts"
import { RequestTime } from "../../src/http/server/nodeServer.ts"
import { Admission } from "../../src/ingest/Admission.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { UserProcessors } from "../../src/ingest/UserProcessors.ts"
import { Settings } from "../../src/platform/Settings.ts"
import { ProjectionRunner, type RunnerStatus } from "../../src/projections/runner/ProjectionRunner.ts"
import { Readiness } from "../../src/readiness/Readiness.ts"
import type { ReadinessChecks } from "../../src/readiness/ReadinessChecks.ts"
import { ApiKeys, type Principal, UnknownApiKey } from "../../src/tenants/ApiKeys.ts"
import { RateLimits } from "../../src/tenants/RateLimits.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { layerTenantMetrics } from "../../src/tenants/TenantMetrics.ts"
import { Position } from "../../src/values/Position.ts"
import { Slice } from "../../src/values/Slice.ts"
import { finish } from "../../src/values/steps.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"

export const tenant: Tenant = { tenantId: TenantId("tenant-1"), name: "demo", timeZone: "UTC", weekStart: 1, keyNamespace: "namespace-1" }

/** Where things stand for the stub of Changes. */
export const place: FeedPlace = { positions: vectorOf([[Slice(3), Position(7)]]), generation: 5, erasure: 2, lineage: noHistory }

/** Keys the served stub of ApiKeys knows: one for each scope, and one for all. */
const keys: Readonly<Record<string, Principal>> = {
  "key-all": { tenant, keyName: "the key-all", scopes: new Set(["ingest", "read", "admin"]) },
  "key-ingest": { tenant, keyName: "the key-ingest", scopes: new Set(["ingest"]) },
  "key-read": { tenant, keyName: "the key-read", scopes: new Set(["read"]) }
}

type Authenticate = ApiKeys["Service"]["authenticate"]

export interface Stubs {
  readonly authenticate?: Authenticate
  readonly batch?: Ingest["Service"]["batch"]
  readonly read?: Counters["Service"]["read"]
  readonly readAsOf?: TimeTravel["Service"]["read"]
  readonly explain?: Explanation["Service"]["explain"]
  readonly readGames?: Games["Service"]["read"]
  readonly readActivity?: Activity["Service"]["read"]
  readonly readTop?: Leaderboards["Service"]["top"]
  readonly readPlace?: Leaderboards["Service"]["place"]
  readonly changesAfter?: Changes["Service"]["after"]
  readonly listUsers?: Users["Service"]["list"]
  readonly stopChanges?: Effect.Effect<void>
  readonly eraseWithin?: UserErasure["Service"]["eraseWithin"]
  readonly readUserPage?: EventLog["Service"]["readUserPage"]
  readonly checks?: () => ReadinessChecks
  readonly status?: () => RunnerStatus
  readonly settings?: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly requestTime?: number
  /** Milliseconds. */
  readonly recheckAfter?: number
  readonly gracePeriod?: Duration.Input
  /** As the service has it, for tests of how it leaves. */
  readonly settling?: { readonly answered: number; readonly opened: number }
}

export const ready: ReadinessChecks = {
  database: true,
  writable: true,
  migrations: true,
  log_whole: true,
  draining: false,
  projections: { running: true, gaps: [], lag_events: 0, lag_seconds: 0, ranking_lag_events: 0, ranking_lag_seconds: 0, parked_users: 0 }
}

const authenticate: Authenticate = (key) => {
  const principal = keys[Redacted.value(key)]
  return principal === undefined ? Effect.fail(new UnknownApiKey()) : Effect.succeed(principal)
}

export const document = (userId: string): CountersDocument => ({
  user_id: UserId(userId),
  ref: `ref of ${userId}`,
  time_zone: "UTC",
  position: Position(7),
  generations: { logins: 0, payments: 0 },
  logins: { login_count: 1 },
  payments: {}
})

/** What becomes of a batch of which every item is stored, if the body is JSON. */
const takesAll = (items: BulkItems) => {
  for (let next = 0; next < items.count;) {
    const piece = items.piece(next)
    if (Result.isFailure(piece)) return Effect.fail(finish(malformedJson(items.bytes)) ?? { _tag: "MalformedJson" as const, message: "" })
    next += piece.success.length
  }
  return Effect.succeed({ accepted: items.count, duplicates: 0, rejected: [] })
}

/** A line of the log. */
export interface Logged {
  readonly level: string
  readonly message: unknown
  readonly annotations: Readonly<Record<string, unknown>>
}

/**
 * The service over HTTP on a port of its own until the scope closes, with real admission and
 * everything behind it as given.
 */
export const serve = (stubs: Stubs = {}) =>
  Effect.gen(function*() {
    const settings = Layer.effect(Settings, Effect.map(Settings, (settings) => ({ ...settings, port: 0 }))).pipe(
      Layer.provide(Settings.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(stubs.settings ?? {})))
    )
    const services = Layer.mergeAll(
      Layer.mock(ApiKeys, { authenticate: stubs.authenticate ?? authenticate }),
      Layer.mock(Ingest, { batch: stubs.batch ?? ((_, items) => takesAll(items)) }),
      Layer.mock(UserProcessors, { active: () => 5 }),
      Layer.mock(Counters, {
        sections: ["casino", "payments", "logins"],
        read: stubs.read ?? ((_, users) => Effect.succeed(users.map(document)))
      }),
      Layer.mock(TimeTravel, { read: stubs.readAsOf ?? ((_, userId) => Effect.succeed(document(userId))) }),
      Layer.mock(Explanation, { explain: stubs.explain ?? (() => Effect.undefined) }),
      Layer.mock(Games, { sections: ["casino_by_game", "game_rounds_by_game"], read: stubs.readGames ?? (() => Effect.undefined) }),
      Layer.mock(Activity, { read: stubs.readActivity ?? (() => Effect.undefined) }),
      Layer.mock(Leaderboards, {
        top: stubs.readTop ?? (() => Effect.die("not stubbed")),
        place: stubs.readPlace ?? (() => Effect.undefined)
      }),
      Layer.mock(Changes, {
        now: () => Effect.succeed(place),
        start: () => Effect.succeed({ ...place, generation: nothingTold }),
        after: stubs.changesAfter ?? ((_, next) => Effect.succeed({ kept: undefined, erased: [], changes: [], next })),
        stop: stubs.stopChanges ?? Effect.void
      }),
      Layer.mock(Users, { list: stubs.listUsers ?? (() => Effect.succeed({ users: [], next: undefined })) }),
      Layer.mock(UserErasure, {
        eraseWithin: stubs.eraseWithin ??
          (() => Effect.succeed({ _tag: "Ended", report: { events: 0, rows: 0, parked: 0, rejected: 0, again: false } }))
      }),
      Layer.mock(EventLog, {
        laneCount: 1,
        readUserPage: stubs.readUserPage ?? (() => Effect.succeed({ events: [], isMore: false }))
      }),
      Layer.mock(ProjectionRunner, {
        feedNow: () => {},
        status: stubs.status ?? (() => ({
          versions: [],
          running: true,
          gaps: [],
          lagEvents: 12,
          lagSeconds: 3,
          rankingLagEvents: 70,
          rankingLagSeconds: 4,
          parkedUsers: 1,
          unfedVersions: 2
        }))
      }),
      Layer.succeed(Readiness, Readiness.of({ check: Effect.sync(stubs.checks ?? (() => ready)) })),
      Admission.layer,
      layerTenantMetrics,
      RateLimits.layer,
      ReadShares.layer
    )
    const logged: Array<Logged> = []
    const logger = Logger.make<unknown, void>(({ fiber, logLevel, message }) => {
      logged.push({ level: logLevel, message, annotations: fiber.getRef(References.CurrentLogAnnotations) })
    })
    const context = yield* Layer.build(
      Layer.mergeAll(Server.layer, Admission.layer, AnswerBudget.layer).pipe(
        Layer.provide(AnswerBudget.layer),
        Layer.provide(services),
        Layer.provide(settings),
        Layer.provide(Logger.layer([logger])),
        Layer.provide(Layer.succeed(Metric.MetricRegistry, new Map())),
        Layer.provide(Layer.succeed(RequestTime, stubs.requestTime ?? 10_000)),
        Layer.provide(Layer.succeed(RecheckAfter, stubs.recheckAfter ?? 2_000)),
        Layer.provide(Layer.succeed(GracePeriod, stubs.gracePeriod ?? "5 seconds")),
        // Most tests end with connections that nobody uses any more.
        Layer.provide(Layer.succeed(Settling, stubs.settling ?? { answered: 0, opened: 0 }))
      )
    )
    return {
      logged,
      url: Context.get(context, Server).url,
      inFlight: Context.get(context, Admission).inFlight,
      drain: Context.get(context, Draining).begin,
      answerBytes: Context.get(context, AnswerBudget).inFlight
    }
  })

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body read as JSON; its members are looked at, not typed. */
  readonly json: () => Record<string, unknown>
}

export const request = (url: string, init: RequestInit = {}): Effect.Effect<Answer> =>
  Effect.promise(async (signal) => {
    const response = await fetch(url, { signal, ...init })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as Record<string, unknown> }
  })

export const get = (url: string, headers: Record<string, string> = {}) => request(url, { headers: { "x-api-key": "key-all", ...headers } })

export const bulkPath = "/api/v1/integrations/fasttrack/bulk"

export const postBulk = (url: string, body: NonNullable<RequestInit["body"]>, headers: Record<string, string> = {}) =>
  request(url + bulkPath, { method: "POST", body, headers: { "x-api-key": "key-all", "content-type": "application/json", ...headers } })

/**
 * Sends bytes as they are on a connection of their own and gives what came back until the other
 * side closed it.
 */
export const sendRaw = (url: string, ...parts: ReadonlyArray<string | Uint8Array>): Effect.Effect<string> =>
  Effect.callback((resume) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1")
    let received = ""
    socket.on("data", (chunk) => received += chunk.toString("latin1"))
    // A reset after the answer is a way of closing, too.
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(received)))
    for (const part of parts) socket.write(part)
    return Effect.sync(() => socket.destroy())
  })
