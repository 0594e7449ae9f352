import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import { KnownProjections } from "../../src/cli/projections/KnownProjections.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { ApiKeys } from "../../src/tenants/ApiKeys.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { testClients, testService } from "../support/service/TestService.ts"
import { untilAfter } from "../support/time/until.ts"
import { type CommandResult, runCommand, testSettings } from "./runCommand.ts"

const run = (...args: ReadonlyArray<string>) => Effect.flatMap(testSettings, (settings) => runCommand(args, settings))

const succeed = (...args: ReadonlyArray<string>) =>
  Effect.tap(run(...args), (result) => Effect.sync(() => assert.strictEqual(result.code, 0, result.stderr)))

/** One line on stderr, nothing on stdout, no stack. */
const assertRefused = ({ code, reported, stderr, stdout }: CommandResult, message: RegExp) => {
  assert.strictEqual(code, 1)
  assert.isFalse(reported)
  assert.strictEqual(stdout, "")
  assert.match(stderr, message)
  assert.notInclude(stderr, "\n")
}

const lines = ({ stdout }: CommandResult) => stdout.split("\n").slice(0, -1)

layer(TestDatabase.layer, { excludeTestServices: true })("commands on a database that was never migrated", (it) => {
  it.effect("refuse, and leave it alone", () =>
    Effect.gen(function*() {
      for (const args of [["tenants", "list"], ["keys", "list", "a"], ["rejected", "export", "a"], ["events", "tail"]]) {
        assertRefused(yield* run(...args), /lacks migration 0001_create_event_log.*migrate/)
      }
      const sql = yield* PgClient.PgClient
      assert.deepStrictEqual(yield* sql`select 1 from pg_tables where schemaname = 'public'`, [])
    }).pipe(Effect.provide(testClients)))

  it.effect("migrate makes it ours, once; a database of a newer version is refused", () =>
    Effect.gen(function*() {
      const first = yield* succeed("migrate")
      assert.include(first.stdout, "applied 0001_create_event_log\n")
      assert.match((yield* succeed("migrate")).stdout, /^The (\d )?databases? (is|are) up to date\.\n$/)
      assert.strictEqual(lines(yield* succeed("tenants", "list")).length, 1)

      const sql = yield* PgClient.PgClient
      yield* sql`insert into playtally_migrations (migration_id, name) values (9999, 'from_the_future')`
      assertRefused(yield* run("tenants", "list"), /does not know the database's migration 9999_from_the_future/)
      assertRefused(yield* run("migrate"), /does not know the database's migration 9999_from_the_future/)
    }).pipe(Effect.provide(testClients)))

  it.effect("one that cannot be reached", () =>
    Effect.gen(function*() {
      const result = yield* runCommand(["tenants", "list"], { DATABASE_URL: "postgres://nobody:secret@127.0.0.1:1/none" })
      assertRefused(result, /The database did not answer: .*ECONNREFUSED/)
      assert.notInclude(result.stderr, "secret")
    }))
})

const services = testService({ projections: [] })
const login = (user: string, id: string, more: object = {}) => ({
  event: "realtime-login",
  data: { user_id: user, timestamp: "2026-01-31T12:00:00Z", unique_id: id, ...more }
})

layer(Layer.mergeAll(services, NodeServices.layer).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "commands beside a service",
  (it) => {
    const send = Effect.fnUntraced(function*(tenantName: string, items: ReadonlyArray<unknown>) {
      const tenant = yield* (yield* Tenants).get(tenantName)
      return yield* (yield* Ingest).batch(tenant, bulkItems(items), { strict: false })
    })

    it.effect("tenants: made once, in a zone that exists, listed", () =>
      Effect.gen(function*() {
        const made = yield* succeed("tenants", "create", "brand a", "--time-zone", "Europe/Malta")
        const { tenantId, timeZone } = yield* (yield* Tenants).get("brand a")
        assert.deepStrictEqual(lines(made), [tenantId])
        assert.strictEqual(timeZone, "Europe/Malta")
        yield* succeed("tenants", "create", "utc")
        assert.strictEqual((yield* (yield* Tenants).get("utc")).timeZone, "UTC")
        assertRefused(yield* run("tenants", "create", "brand a"), /There is a tenant "brand a" already/)
        assertRefused(yield* run("tenants", "create", "b", "--time-zone", "Mars/Base"), /"Mars\/Base" is not the name of a time zone/)
        assertRefused(yield* run("tenants", "create", "b", "--time-zone", "europe/malta"), /it is Europe\/Malta\.$/m)
        assertRefused(yield* run("tenants", "create", "b", "--time-zone=+02:00"), /"\+02:00" is an offset.*Etc\/GMT-2/)
        const list = yield* succeed("tenants", "list")
        assert.match(list.stdout, new RegExp(`^NAME +TIME ZONE +WEEK FROM +ID\\nbrand a +Europe/Malta +Monday +${tenantId}$`, "m"))
        assert.strictEqual((yield* run("tenants", "create", " ")).code, 1)
        assert.strictEqual((yield* run("tenants", "create")).code, 1)

        assertRefused(yield* run("tenants", "set-zone", "utc", "Mars/Base"), /"Mars\/Base" is not the name of a time zone/)
        assertRefused(yield* run("tenants", "set-zone", "nobody", "Europe/Malta"), /There is no tenant "nobody"/)
        assert.include((yield* succeed("tenants", "set-zone", "utc", "Asia/Tokyo")).stdout, "begin in Asia/Tokyo now")
        assert.include((yield* succeed("tenants", "set-zone", "utc", "Asia/Tokyo")).stdout, "begin in Asia/Tokyo already")
        const listed = yield* succeed("tenants", "list")
        assert.match(listed.stdout, /^utc +Asia\/Tokyo +Monday +\S+$/m)
        assert.strictEqual(listed.stderr, "")
        // From before offsets were refused: it is told, and can be mended.
        const sql = yield* PgClient.PgClient
        yield* sql`insert into tenants (name, time_zone) values ('older', '+02:00')`
        assert.match((yield* succeed("tenants", "list")).stderr, /^The zone of tenant "older" goes on working.*"\+02:00" is an offset/m)
        assert.include((yield* succeed("tenants", "set-zone", "older", "Europe/Malta")).stdout, "begin in Europe/Malta now")
        assert.strictEqual((yield* succeed("tenants", "list")).stderr, "")
      }))

    it.effect("tenants: their weeks begin on the day that was said, and on another from then on", () =>
      Effect.gen(function*() {
        const made = yield* succeed("tenants", "create", "weeks", "--week-start", "sunday")
        assert.include(made.stderr, "its weeks on Sunday")
        assert.strictEqual((yield* (yield* Tenants).get("weeks")).weekStart, 7)
        assert.strictEqual((yield* run("tenants", "create", "other", "--week-start", "someday")).code, 1)
        assert.strictEqual((yield* run("tenants", "set-week-start", "weeks", "8")).code, 1)
        assertRefused(yield* run("tenants", "set-week-start", "nobody", "monday"), /There is no tenant "nobody"/)
        assert.include((yield* succeed("tenants", "set-week-start", "weeks", "saturday")).stdout, "begin on Saturday now")
        assert.include((yield* succeed("tenants", "set-week-start", "weeks", "saturday")).stdout, "begin on Saturday already")
        assert.match((yield* succeed("tenants", "list")).stdout, /^weeks +UTC +Saturday +\S+$/m)
      }))

    it.effect("keys: shown once and alone on stdout, with the scopes asked for, until revoked", () =>
      Effect.gen(function*() {
        yield* succeed("tenants", "create", "keys")
        const made = yield* succeed("keys", "create", "keys", "sender", "--scopes", "read,ingest")
        const [key = "", ...rest] = lines(made)
        assert.deepStrictEqual(rest, [])
        assert.notInclude(made.stderr, key)
        const apiKeys = yield* ApiKeys
        const principal = yield* apiKeys.authenticate(Redacted.make(key))
        assert.strictEqual(principal.tenant.name, "keys")
        assert.deepStrictEqual([...principal.scopes].sort(), ["ingest", "read"])

        const [{ apiKeyId = "" } = {}] = yield* apiKeys.list(principal.tenant)
        const list = yield* succeed("keys", "list", "keys")
        assert.match(list.stdout, new RegExp(`^${apiKeyId} +read,ingest +\\S+Z +- +sender$`, "m"))
        assert.notInclude(list.stdout, key)

        yield* succeed("keys", "revoke", "keys", apiKeyId)
        assert.match((yield* succeed("keys", "list", "keys")).stdout, new RegExp(`^${apiKeyId} +read,ingest +\\S+Z +\\S+Z +sender$`, "m"))
        const [{ revokedAt = null } = {}] = yield* apiKeys.list(principal.tenant)
        assert.isNotNull(revokedAt)

        assertRefused(yield* run("keys", "revoke", "keys", "nonsense"), /no key of the id "nonsense"/)
        assertRefused(yield* run("keys", "create", "nobody", "x", "--scopes", "read"), /There is no tenant "nobody"/)
        for (const scopes of ["", "write", "read,", "read;ingest"]) {
          assert.strictEqual((yield* run("keys", "create", "keys", "x", "--scopes", scopes)).code, 1)
        }
        assert.strictEqual((yield* run("keys", "create", "keys", "x")).code, 1)
        assert.strictEqual((yield* apiKeys.list(principal.tenant)).length, 1)
      }))

    it.effect("rejected: a table of the latest, and everything as NDJSON with every digit", () =>
      Effect.gen(function*() {
        yield* succeed("tenants", "create", "rejected")
        yield* succeed("tenants", "create", "others")
        const evil = { event: "realtime-login", data: { user_id: "u\u001b[31m", unique_id: "evil\u001b]0;title\u0007", timestamp: 5 } }
        const many = Array.from({ length: 700 }, (_, index) => ({ event: "realtime-login", data: { unique_id: `many-${index}` } }))
        const digits = { raw: "0.100000000000000000001" }
        yield* send("rejected", [...many, { amount: digits }, { pad: "x".repeat(20_000) }])
        yield* send("rejected", [login("u", "good"), evil, evil])
        yield* send("rejected", [evil, login("u", "good", { timestamp: "2026-01-31T12:00:01Z" })])
        yield* send("others", [{ not: "yours" }])

        const table = lines(yield* succeed("rejected", "list", "rejected", "--limit", "2"))
        assert.strictEqual(table.length, 3)
        assert.match(table[0] ?? "", /^LAST AT +TIMES +REASON +EVENT +ID +FIRST ISSUE$/)
        const rows = table.slice(1).sort()
        assert.isTrue(rows.some((row) => /Z +1 +idempotency_conflict +realtime-login +good +data /.test(row)))
        assert.isTrue(rows.some((row) => /Z +\d +invalid +realtime-login +evil\\u001b\]0;title\\u0007 +data\.timestamp must be/.test(row)))

        const exported = yield* succeed("rejected", "export", "rejected")
        assert.match(exported.stderr, /Exported 704 rejected items/)
        assert.include(exported.stdout, "\"item\":{\"amount\":0.100000000000000000001}")
        // A terminal has nothing to obey.
        assert.match(exported.stdout, /^[\x20-\x7e\n]*$/)
        const parsed = lines(exported).map((line): Record<string, unknown> => JSON.parse(line))
        assert.strictEqual(parsed.length, 704)
        const items = new Set(parsed.map(({ item }) => JSON.stringify(item)))
        for (const item of [...many, evil]) assert.isTrue(items.has(JSON.stringify(item)))
        assert.strictEqual(parsed.filter(({ cut_item }) => typeof cut_item === "string").length, 1)

        const fs = yield* FileSystem.FileSystem
        const file = `${yield* fs.makeTempDirectoryScoped()}/rejected.ndjson`
        yield* succeed("rejected", "export", "rejected", file)
        assert.strictEqual(yield* fs.readFileString(file), exported.stdout)
        assertRefused(yield* run("rejected", "export", "others", file), /rejected\.ndjson exists already/)
        assert.strictEqual(yield* fs.readFileString(file), exported.stdout)
        assertRefused(yield* run("rejected", "list", "nobody"), /There is no tenant "nobody"/)
      }))

    it.effect("users: erased when that is said twice, with what was removed; unknown ones are named", () =>
      Effect.gen(function*() {
        yield* succeed("tenants", "create", "erasing")
        yield* send("erasing", [login("gone", "1"), login("gone", "2"), login("stays", "1"), login("gone", "3", { timestamp: 1 })])
        assertRefused(yield* run("users", "erase", "erasing", "gone"), /Nothing was erased.* 2 events of the user "gone".*--yes/)
        const { stdout } = yield* succeed("users", "erase", "erasing", "gone", "--yes")
        assert.match(
          stdout,
          /^The user is erased\.\n +log +2 events emptied;.*\n +projections +0 rows.*\n +parked +0 .*\n +rejected +1 item removed\n/
        )
        assert.notInclude(stdout, "gone")
        assert.match((yield* succeed("users", "erase", "erasing", "gone", "--yes")).stdout, /erased before/)
        assertRefused(yield* run("users", "erase", "erasing", "nobody", "--yes"), /Nothing is known of the user "nobody"/)
        assertRefused(yield* run("users", "erase", "no tenant", "gone", "--yes"), /There is no tenant/)
        const tail = lines(yield* succeed("events", "tail", "erasing"))
        // The users' slices may have been written by different lanes, in either order.
        assert.deepStrictEqual(tail.map((line) => line.includes("(erased)")).toSorted(), [false, true, true])
        assert.strictEqual((yield* send("erasing", [login("gone", "1"), login("stays", "1")])).duplicates, 2)
      }).pipe(Effect.provideService(KnownProjections, [])))

    it.effect("events: the newest of all, of a tenant, of a user, and those that come", () =>
      Effect.gen(function*() {
        for (const name of ["tail-a", "tail-b"]) yield* succeed("tenants", "create", name)
        for (let nth = 1; nth <= 12; nth++) {
          yield* send(nth % 3 === 0 ? "tail-b" : "tail-a", [login(`user-${nth % 2}`, `event-${nth}`)])
          yield* untilAfter((yield* Clock.currentTimeMillis) + 1)
        }
        const ids = (text: string) => [...text.matchAll(/#event-(\d+)\b/g)].map(([, id]) => Number(id))
        const tail = (...args: ReadonlyArray<string>) => Effect.map(succeed("events", "tail", ...args), ({ stdout }) => ids(stdout))
        assert.deepStrictEqual(yield* tail("--limit", "5"), [8, 9, 10, 11, 12])
        assert.deepStrictEqual(yield* tail("tail-b"), [3, 6, 9, 12])
        assert.deepStrictEqual(yield* tail("tail-a", "--limit", "3"), [8, 10, 11])
        assert.deepStrictEqual(yield* tail("tail-a", "--user", "user-0"), [2, 4, 8, 10])
        assert.deepStrictEqual(yield* tail("tail-a", "--user", "user-0", "--limit", "1"), [10])
        assertRefused(yield* run("events", "tail", "nobody"), /There is no tenant "nobody"/)
        assert.strictEqual((yield* run("events", "tail", "--user", "user-0")).code, 1)

        const settings = yield* testSettings
        const seen = yield* Queue.unbounded<number>()
        const following = yield* Effect.forkChild(
          runCommand(["events", "tail", "tail-a", "--limit", "1", "--follow"], settings, (text) => {
            Queue.offerAllUnsafe(seen, ids(text))
          })
        )
        assert.strictEqual(yield* Queue.take(seen), 11)
        yield* send("tail-b", [login("user-0", "event-13")])
        yield* send("tail-a", [login("user-1", "event-14"), login("user-0", "event-15"), login("new\nuser", "event-16")])
        const next = [yield* Queue.take(seen), yield* Queue.take(seen), yield* Queue.take(seen)]
        assert.deepStrictEqual(next.sort(), [14, 15, 16])
        yield* send("tail-a", [login("user-1", "event-17")])
        assert.strictEqual(yield* Queue.take(seen), 17)
        yield* Fiber.interrupt(following)
      }))
  }
)
