import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import { serviceLayer } from "../../../src/App.ts"
import { ErasurePatience } from "../../../src/http/admin/eraseUser.ts"
import { AnswerBudget } from "../../../src/http/answers/AnswerBudget.ts"
import { Server } from "../../../src/http/Server.ts"
import { RequestTime } from "../../../src/http/server/nodeServer.ts"
import { Readiness } from "../../../src/readiness/Readiness.ts"
import { ApiKeys } from "../../../src/tenants/ApiKeys.ts"
import { RateLimits } from "../../../src/tenants/RateLimits.ts"
import type { Scope } from "../../../src/tenants/Tenant.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { generateItems, toBody } from "../../oracle/generateItems.ts"
import { databaseProxy } from "../../support/database/DatabaseProxy.ts"
import { describeApi } from "./ApiDescription.ts"
import { Judge } from "./Judge.ts"
import { leafPaths } from "./leafPaths.ts"
import { operationOf, type Subject } from "./Subject.ts"

/** Small enough that a test can go beyond. */
const limits = { MAX_ITEMS: "1000", MAX_BODY_BYTES: String(1024 * 1024), MAX_BYTES_IN_FLIGHT: "1" }
/** Milliseconds that a request may take to arrive. */
const requestTime = 1000

/**
 * The whole service in this process, behind a proxy to the test's database, with what some users
 * did in it, all of it counted.
 */
export const startSubject = Effect.gen(function*() {
  const proxy = yield* databaseProxy
  const services = yield* Layer.build(
    Server.layer.pipe(
      Layer.provide([Readiness.layer, RateLimits.layer, AnswerBudget.layer]),
      Layer.provideMerge(serviceLayer()),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL: proxy.url, PORT: "0", ...limits }))),
      Layer.provide(Layer.succeed(RequestTime, requestTime)),
      Layer.provide(Layer.succeed(ErasurePatience, "2 seconds")),
      Layer.provide(Logger.layer([]))
    )
  ).pipe(Effect.provide(NodeServices.layer))
  const { url } = Context.get(services, Server)
  const tenant = yield* Context.get(services, Tenants).create("conformance", "Europe/Malta")
  const keyFor = (...scopes: ReadonlyArray<Scope>) =>
    Effect.map(Context.get(services, ApiKeys).create(tenant, scopes.join(), scopes), ({ key }) => Redacted.value(key))
  const keys = { ingest: yield* keyFor("ingest"), read: yield* keyFor("read") }
  const judge = new Judge(url, yield* keyFor("ingest", "read", "admin"))
  yield* Effect.addFinalizer(() => Effect.sync(() => judge.close()))
  const description = describeApi(yield* Effect.promise(async () => (await fetch(`${url}/openapi.json`)).json()))

  const { items, userIds } = generateItems({ seed: 3, users: 8, itemsPerUser: 30 })
  const currencies = ["EUR", "usd", "BTC"]
  const bare: Subject = { judge, description, keys, known: { userIds, currencies, paths: new Map() } }
  const bulk = operationOf(bare, "sendEvents")
  const ofUsers = operationOf(bare, "getCountersOfUsers")
  const users = yield* Effect.promise(async () => {
    const { body, status } = await judge.ask(bulk, { target: bulk.path, body: toBody(items) })
    assert.strictEqual(status, 204, body)
    const { json } = await judge.ask(ofUsers, {
      target: `${ofUsers.path}?consistency=strong`,
      headers: { prefer: "wait=30" },
      body: JSON.stringify({ user_ids: userIds })
    })
    return json["users"] as ReadonlyArray<{ readonly user_id: string }>
  })
  const paths = new Map(users.map((document) => [document.user_id, leafPaths(document)]))
  assert.isAbove(paths.size, 5)
  const subject: Subject = { ...bare, known: { userIds: [...paths.keys()], currencies, paths } }
  return { proxy, subject, tenant }
})
