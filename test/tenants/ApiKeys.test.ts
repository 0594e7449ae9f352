import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import { ApiKeys } from "../../src/tenants/ApiKeys.ts"
import { KnownKeys } from "../../src/tenants/KnownKeys.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { testClients, testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

const failure = (keys: ApiKeys["Service"], key: string, address?: string) =>
  Effect.map(Effect.flip(keys.authenticate(Redacted.make(key), address)), ({ _tag }) => _tag)

const isTaken = (keys: ApiKeys["Service"], key: Redacted.Redacted, address?: string) =>
  keys.authenticate(key, address).pipe(Effect.as(true), Effect.catchTag("UnknownApiKey", () => Effect.succeed(false)))

/** Two processes on one database, and a tenant. */
const twoProcesses = Effect.gen(function*() {
  const [one, other] = yield* Effect.all([Layer.build(Layer.fresh(testService())), Layer.build(Layer.fresh(testService()))])
  const tenant = yield* Context.get(one, Tenants).create(crypto.randomUUID(), "UTC")
  return { keys: Context.get(one, ApiKeys), elsewhere: Context.get(other, ApiKeys), tenant }
})

layer(testClients.pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })("ApiKeys", (it) => {
  it.effect("takes a revoked key no more: here at once, in another process after 2 seconds at most", () =>
    Effect.gen(function*() {
      const { elsewhere, keys, tenant } = yield* twoProcesses
      const { apiKeyId, key } = yield* keys.create(tenant, "k", ["read"])
      for (const each of [keys, elsewhere]) assert.isTrue(yield* isTaken(each, key))
      yield* keys.revoke(tenant, apiKeyId)
      const began = performance.now()
      assert.isFalse(yield* isTaken(keys, key))
      yield* untilEffect(Effect.gen(function*() {
        const asked = performance.now() - began
        const taken = yield* isTaken(elsewhere, key)
        // However long the answer takes: who asks later than that is refused.
        if (taken) assert.isBelow(asked, 2000)
        return !taken
      }))
    }))

  it.effect("has one bootstrap key at a time; one that comes back is taken again, and one that was revoked by hand is not", () =>
    Effect.gen(function*() {
      const { keys, tenant } = yield* twoProcesses
      const [first, second] = [Redacted.make("a bootstrap key"), Redacted.make("another bootstrap key")]
      const made = yield* keys.create(tenant, "bootstrap", ["ingest", "read", "admin"])
      const taken = Effect.all([first, second, made.key].map((key) => isTaken(keys, key)))
      assert.deepStrictEqual(yield* keys.ensure(tenant, first), { replaced: false, revoked: false })
      assert.deepStrictEqual(yield* keys.ensure(tenant, first), { replaced: false, revoked: false })
      assert.deepStrictEqual(yield* taken, [true, false, true])
      assert.deepStrictEqual(yield* keys.ensure(tenant, second), { replaced: true, revoked: false })
      assert.deepStrictEqual(yield* taken, [false, true, true])
      assert.deepStrictEqual(yield* keys.ensure(tenant, first), { replaced: true, revoked: false })
      assert.deepStrictEqual(yield* taken, [true, false, true])

      const ids = (yield* keys.list(tenant)).filter(({ apiKeyId }) => apiKeyId !== made.apiKeyId)
      yield* Effect.forEach(ids, ({ apiKeyId }) => keys.revoke(tenant, apiKeyId))
      for (const key of [first, second]) assert.deepStrictEqual(yield* keys.ensure(tenant, key), { replaced: false, revoked: true })
      assert.deepStrictEqual(yield* taken, [false, false, true])
    }))

  it.effect("tells nobody whether an unknown key was one once", () =>
    Effect.gen(function*() {
      const { keys, tenant } = yield* twoProcesses
      const { apiKeyId, key } = yield* keys.create(tenant, "k", ["read"])
      yield* keys.revoke(tenant, apiKeyId)
      const revoked = yield* Effect.flip(keys.authenticate(key))
      assert.deepStrictEqual(revoked, yield* Effect.flip(keys.authenticate(Redacted.make("never one"))))
    }))

  it.effect("compares the whole hash, not only the part it is found by", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const { keys, tenant } = yield* twoProcesses
      const hash = createHash("sha256").update("nearly").digest("hex")
      const insert = (keyHash: string) =>
        sql`insert into api_keys (tenant_id, name, key_hash, scopes)
          values (${tenant.tenantId}::uuid, 'k', decode(${keyHash}, 'hex'), ${["read"]}::text[])`
      yield* insert(hash.slice(0, 62) + (hash.endsWith("00") ? "01" : "00"))
      yield* insert(hash.slice(0, 8).padEnd(64, "a"))
      assert.strictEqual(yield* failure(keys, "nearly"), "UnknownApiKey")
      yield* insert(hash)
      const { elsewhere } = yield* twoProcesses
      assert.isTrue(yield* isTaken(elsewhere, Redacted.make("nearly")))
    }))

  it.effect("does not even look up more than so many unknown keys from one address, and keeps nobody else out", () =>
    Effect.gen(function*() {
      const { elsewhere: fresh, keys, tenant } = yield* twoProcesses
      const { key } = yield* keys.create(tenant, "k", ["read"])
      assert.isTrue(yield* isTaken(keys, key, "1.1.1.1"))
      const first = performance.now()
      const seconds = (since: number) => (performance.now() - since) / 1000
      const tags = yield* Effect.forEach(
        Array.from({ length: 1000 }, (_, nth) => `guess ${nth}`),
        (guess) => failure(keys, guess, "1.1.1.1")
      )
      const lookedUp = tags.filter((tag) => tag === "UnknownApiKey").length
      assert.isAtLeast(lookedUp, 100)
      assert.isAtMost(lookedUp, 100 + 10 * seconds(first))
      assert.strictEqual(tags.at(-1), "RateExceeded")
      // The same unknown key again and again is no way around it.
      const same = performance.now()
      const again = yield* Effect.forEach(Array.from({ length: 200 }), () => failure(keys, "guess 0", "1.1.1.1"))
      assert.isAtMost(again.filter((tag) => tag !== "RateExceeded").length, 1 + 10 * seconds(same))
      assert.isTrue(yield* isTaken(keys, key, "1.1.1.1"))
      assert.strictEqual(yield* failure(keys, "guess", "2.2.2.2"), "UnknownApiKey")

      // Nor are there more if many come at once; those who send the same key, good or not, are one.
      const began = performance.now()
      const atOnce = yield* Effect.forEach(
        Array.from({ length: 600 }, (_, nth) => nth),
        (nth) =>
          fresh.authenticate(nth % 2 === 0 ? key : Redacted.make(`other ${nth}`), "1.1.1.1").pipe(
            Effect.match({ onSuccess: () => "taken", onFailure: ({ _tag }) => _tag })
          ),
        { concurrency: "unbounded" }
      )
      const most = 100 + 10 * seconds(began)
      assert.strictEqual(atOnce.filter((tag) => tag === "taken").length, 300)
      assert.isAtMost(atOnce.filter((tag) => tag === "UnknownApiKey").length, most)
      assert.include(
        yield* Effect.forEach(Array.from({ length: 50 }, (_, nth) => `late ${nth}`), (guess) => failure(fresh, guess, "1.1.1.1")),
        "RateExceeded"
      )
    }))

  it.effect("keeps no valid key out while unknown ones are tried from the same address: neither after a start, nor one made meanwhile", () =>
    Effect.gen(function*() {
      const { elsewhere, keys, tenant } = yield* twoProcesses
      const { key } = yield* keys.create(tenant, "k", ["read"])
      // A process that is started now, and gets nothing but guesses first.
      const restarted = Context.get(yield* Layer.build(Layer.fresh(testService())), ApiKeys)
      const guess = (each: ApiKeys["Service"]) => failure(each, `guess ${crypto.randomUUID()}`, "1.1.1.1")
      const exhaust = (each: ApiKeys["Service"]) => Effect.repeat(guess(each), { until: (tag) => tag === "RateExceeded" })
      for (const each of [restarted, elsewhere]) yield* exhaust(each)
      assert.isTrue(yield* isTaken(restarted, key, "1.1.1.1"))
      // The guesses go on while another process makes a key.
      const { key: late } = yield* keys.create(tenant, "late", ["read"])
      const began = performance.now()
      for (const each of [elsewhere, restarted]) {
        yield* untilEffect(
          Effect.andThen(exhaust(each), each.authenticate(late, "1.1.1.1")).pipe(
            Effect.as(true),
            Effect.catchTag("RateExceeded", () => Effect.succeed(false))
          )
        )
      }
      assert.isBelow(performance.now() - began, 5000)
    }))
})

describe("KnownKeys", () => {
  it("forgets the key that was used longest ago beyond its capacity, and no other", () => {
    const known = new KnownKeys(3)
    const hashes = ["a", "b", "c", "d"].map((text) => createHash("sha256").update(text).digest("hex"))
    const [a = "", b = "", c = "", d = ""] = hashes
    for (const hash of [a, b, c, a, d]) known.add(hash)
    assert.deepStrictEqual(hashes.map((hash) => known.has(hash)), [true, false, true, true])
    assert.deepStrictEqual([known.delete(a), known.delete(a), known.size], [true, false, 2])
  })
})
