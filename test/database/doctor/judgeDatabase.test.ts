import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import type { Finding } from "../../../src/database/doctor/Finding.ts"
import { formatBytes } from "../../../src/database/doctor/formatBytes.ts"
import {
  judgeClock,
  judgeConnections,
  judgeDisk,
  judgeDurability,
  judgeReplication,
  judgeServer,
  judgeWay
} from "../../../src/database/doctor/judgeDatabase.ts"
import type { DatabaseFacts } from "../../../src/database/doctor/readFacts.ts"
import { readTarget } from "../../../src/database/readTarget.ts"

const sound: DatabaseFacts = {
  version: "18.4",
  version_number: 180_004,
  role: "playtally",
  is_superuser: false,
  reads_all_stats: true,
  database: "playtally",
  schema: "public",
  may_create: true,
  closed_tables: [],
  in_recovery: false,
  read_only: false,
  encoding: "UTF8",
  collation: "C",
  collation_version: null,
  collation_version_now: null,
  encrypted: true,
  tls: "TLSv1.3, TLS_AES_256_GCM_SHA384",
  connections: 10,
  free_connections: 87,
  database_bytes: 1000,
  transaction_age: 1e6,
  sync_standby_names: "",
  settings: {
    fsync: "on",
    full_page_writes: "on",
    synchronous_commit: "on",
    wal_level: "replica",
    autovacuum: "on",
    max_connections: "100"
  }
}

/** The findings that are not right, as `level subject`. */
const migrated = { isMigrated: true }
const ill = (findings: ReadonlyArray<Finding>) =>
  findings.filter(({ level }) => level !== "ok").map(({ level, subject }) => `${level} ${subject}`)

const target = (query: string, host = "db.example") => Result.getOrThrow(readTarget(`postgres://u@${host}/x${query}`))

describe("the doctor", () => {
  it("finds nothing wrong with a sound server", () => {
    assert.deepStrictEqual(ill([...judgeServer(sound, migrated), ...judgeDurability(sound), ...judgeReplication(sound, [], [])]), [])
  })

  it("knows what is wrong with a server", () => {
    assert.deepStrictEqual(ill(judgeServer({ ...sound, version: "14.9", version_number: 140_009 }, migrated)), ["wrong version"])
    assert.deepStrictEqual(ill(judgeServer({ ...sound, may_create: false }, migrated)), ["warning rights"])
    assert.deepStrictEqual(ill(judgeServer({ ...sound, may_create: false }, { isMigrated: false })), ["wrong rights"])
    assert.deepStrictEqual(ill(judgeServer({ ...sound, schema: null, may_create: false }, { isMigrated: false })), ["wrong rights"])
    assert.deepStrictEqual(ill(judgeServer({ ...sound, collation_version: "2.31", collation_version_now: "2.36" }, migrated)), [
      "warning collation"
    ])
    assert.deepStrictEqual(ill(judgeServer({ ...sound, transaction_age: 1.6e9 }, migrated)), ["wrong transaction ids"])
    for (const name of ["fsync", "full_page_writes", "synchronous_commit"]) {
      assert.deepStrictEqual(ill(judgeDurability({ ...sound, settings: { ...sound.settings, [name]: "off" } })), [`wrong ${name}`])
    }
    assert.deepStrictEqual(ill(judgeDurability({ ...sound, settings: { ...sound.settings, wal_level: "minimal", autovacuum: "off" } })), [
      "warning wal_level",
      "warning autovacuum"
    ])
    const needs = { perStart: 42, jobs: 27 }
    assert.strictEqual(judgeConnections({ ...sound, free_connections: 68 }, needs).level, "warning")
    assert.strictEqual(judgeConnections({ ...sound, free_connections: 69 }, needs).level, "ok")
    assert.match(judgeConnections({ ...sound, free_connections: 111 }, needs).says, /room for 2 more/)
  })

  it("knows what is wrong with replication", () => {
    const standby = { name: "b", state: "streaming", sync_state: "sync" }
    const synchronous = { ...sound, sync_standby_names: "b" }
    assert.deepStrictEqual(ill(judgeReplication({ ...sound, in_recovery: true, read_only: true }, [], [])), ["wrong writes"])
    assert.deepStrictEqual(ill(judgeReplication(synchronous, [standby], [])), [])
    assert.deepStrictEqual(ill(judgeReplication(synchronous, [{ ...standby, sync_state: "async" }], [])), ["wrong synchronous standbys"])
    assert.deepStrictEqual(ill(judgeReplication(synchronous, [{ ...standby, state: null, sync_state: null }], [])), [])
    assert.deepStrictEqual(
      ill(judgeReplication({ ...synchronous, settings: { ...sound.settings, synchronous_commit: "local" } }, [], [])),
      []
    )
    const slot = { name: "gone", active: false, wal_status: "extended", kept_bytes: 5 * 1024 ** 3 }
    assert.deepStrictEqual(ill(judgeReplication(sound, [], [slot])), ["warning slots"])
    assert.deepStrictEqual(ill(judgeReplication(sound, [], [{ ...slot, kept_bytes: 1000 }, { ...slot, active: true }])), [])
  })

  it("knows whether the way is a private one", () => {
    const level = (url: ReturnType<typeof target>, encrypted: boolean) => judgeWay({ ...sound, encrypted }, url).level
    assert.strictEqual(level(target("?sslmode=verify-full&sslrootcert=system"), true), "ok")
    assert.strictEqual(level(target("?sslmode=require"), true), "warning")
    assert.strictEqual(level(target(""), false), "warning")
    assert.strictEqual(level(target("", "127.0.0.1"), false), "ok")
    assert.strictEqual(level(target("?host=%2Frun"), false), "ok")
  })

  it("knows two clocks that differ by more than the question took, and a disk that gets full", () => {
    assert.strictEqual(judgeClock({ ahead: -2500, took: 100 }).level, "warning")
    assert.strictEqual(judgeClock({ ahead: 2500, took: 2000 }).level, "ok")
    const free = (bytes: number) => ill(judgeDisk(sound, [], { bytes, of: 1024 ** 4, folder: "/data" }))
    assert.deepStrictEqual([free(500 * 1024 ** 2), free(50 * 1024 ** 3), free(500 * 1024 ** 3)], [["wrong disk"], ["warning disk"], []])
    assert.deepStrictEqual([0, 1023, 1536, 200 * 1024 ** 2].map(formatBytes), ["0 bytes", "1023 bytes", "1.5 KiB", "200 MiB"])
  })
})
