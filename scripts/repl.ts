import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import { start } from "node:repl"
import { serviceLayer } from "../src/App.ts"
import { Counters } from "../src/counters/Counters.ts"
import { EventLog } from "../src/event-log/EventLog.ts"
import { ProjectionRunner } from "../src/projections/runner/ProjectionRunner.ts"
import { ProjectionCatalog } from "../src/projections/versions/ProjectionCatalog.ts"
import type { Tenant } from "../src/tenants/Tenant.ts"
import { Tenants } from "../src/tenants/Tenants.ts"
import { UserId } from "../src/values/UserId.ts"

/*
 * `npm run repl`: a REPL with the layers of the service on the database of the settings. What a
 * service gives as an effect is a promise here. docs/development.md has lines to try.
 */

const quiet = Layer.merge(
  Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]),
  Layer.succeed(References.MinimumLogLevel, "Warn")
)
const runtime = ManagedRuntime.make(Layer.provide(serviceLayer(), quiet))

const [sql, log, counters, catalog, runner, tenants] = await runtime.runPromise(
  Effect.all([PgClient.PgClient, EventLog, Counters, ProjectionCatalog, ProjectionRunner, Tenants])
)

/** Runs effects, and leaves all else as it is. */
const settled = (value: unknown): unknown => Effect.isEffect(value) ? runtime.runPromise(value as Effect.Effect<unknown>) : value

/** A service whose effects are promises: those that methods give, and those that are members. */
const promising = (service: object): object =>
  new Proxy(service, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      return typeof member === "function"
        ? (...args: ReadonlyArray<unknown>) => settled(Reflect.apply(member, target, args))
        : settled(member)
    }
  })

const all = await runtime.runPromise(tenants.list)
const [tenant] = all
const strong = { _tag: "Strong", waitSeconds: 10 } as const

const withTenant = <A>(use: (tenant: Tenant) => Effect.Effect<A, unknown>): Promise<A> =>
  tenant === undefined
    ? Promise.reject(new Error("There is no tenant yet: `npm run dev` makes one, as does `npm run cli -- tenants create NAME`"))
    : runtime.runPromise(use(tenant))

const repl = start({ prompt: "playtally> ", useGlobal: true, terminal: process.stdout.isTTY === true })
Object.assign(repl.context, {
  Effect,
  run: (effect: Effect.Effect<unknown>) => runtime.runPromise(effect),
  sql: (strings: TemplateStringsArray, ...args: ReadonlyArray<never>) => runtime.runPromise(sql(strings, ...args)),
  log: promising(log),
  counters: promising(counters),
  projections: promising(catalog),
  runner: promising(runner),
  tenants: promising(tenants),
  tenant,
  countersOf: (userId: string) =>
    withTenant((tenant) =>
      Effect.map(counters.read(tenant, [UserId(userId)], { sections: counters.sections, consistency: strong }), ([document]) => document)
    ),
  eventsOf: (userId: string) =>
    withTenant(({ tenantId }) => log.readUser({ tenantId, userId: UserId(userId), before: Number.MAX_SAFE_INTEGER, limit: 20 }))
})
repl.on("exit", () => {
  void runtime.dispose().then(() => process.exit(0))
})
