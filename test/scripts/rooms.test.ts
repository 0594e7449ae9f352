import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../src", import.meta.url))

/**
 * The rooms of the house, each below those that it may use. A room uses only rooms that stand
 * before it.
 */
const rooms: Readonly<Record<string, ReadonlyArray<string>>> = {
  "values": [],
  "platform": ["values"],
  "database": ["platform", "values"],
  "fasttrack": ["values"],
  "event-log": ["database", "fasttrack", "platform", "values"],
  "projections/projection": ["fasttrack", "values"],
  "projections/catalog": ["fasttrack", "projections/projection", "values"],
  "vocabulary": ["fasttrack", "projections/projection", "values"],
  "projections/own": ["platform", "projections/catalog", "projections/projection", "values", "vocabulary"],
  "projections/fold": ["fasttrack", "projections/projection", "values"],
  "projections/tables": ["database", "projections/fold", "projections/projection", "values"],
  "projections/feed": [
    "database",
    "event-log",
    "fasttrack",
    "projections/fold",
    "projections/projection",
    "projections/tables",
    "values"
  ],
  "projections/versions": [
    "database",
    "event-log",
    "fasttrack",
    "platform",
    "projections/catalog",
    "projections/feed",
    "projections/fold",
    "projections/own",
    "projections/projection",
    "projections/tables",
    "values"
  ],
  "projections/runner": [
    "database",
    "event-log",
    "platform",
    "projections/feed",
    "projections/tables",
    "projections/versions",
    "values"
  ],
  "processes": ["database", "event-log", "platform", "projections/runner", "values"],
  "jobs": ["database", "platform", "values"],
  "tenants": ["database", "platform", "values"],
  "operators": ["database", "platform", "tenants", "values"],
  "transfer": ["database", "event-log", "fasttrack", "tenants", "values"],
  "counters": [
    "database",
    "event-log",
    "fasttrack",
    "platform",
    "projections/catalog",
    "projections/feed",
    "projections/fold",
    "projections/projection",
    "projections/runner",
    "projections/tables",
    "projections/versions",
    "tenants",
    "values"
  ],
  "ingest": ["database", "event-log", "fasttrack", "platform", "tenants", "values"],
  "time-zones": [
    "database",
    "event-log",
    "projections/feed",
    "projections/fold",
    "projections/tables",
    "projections/versions",
    "tenants",
    "values"
  ],
  "erasure": [
    "database",
    "event-log",
    "ingest",
    "jobs",
    "projections/feed",
    "projections/tables",
    "projections/versions",
    "tenants",
    "time-zones",
    "values"
  ],
  "readiness": ["database", "event-log", "platform", "projections/runner"],
  "partitions": [
    "counters",
    "database",
    "erasure",
    "event-log",
    "ingest",
    "platform",
    "projections/feed",
    "projections/projection",
    "projections/runner",
    "projections/tables",
    "projections/versions",
    "readiness",
    "tenants",
    "time-zones",
    "values"
  ],
  "cluster": ["database", "partitions", "platform", "values"],
  "http/problems": ["counters", "ingest", "partitions", "readiness", "tenants", "values"],
  "http/server": [
    "event-log",
    "http/problems",
    "ingest",
    "platform",
    "processes",
    "projections/runner",
    "tenants",
    "values"
  ],
  "http/authentication": ["http/problems", "http/server", "platform", "tenants"],
  "http/requests": ["fasttrack", "http/problems"],
  "http/answers": ["http/authentication", "http/problems", "platform", "tenants"],
  "http/description": [],
  "http/ingest": [
    "fasttrack",
    "http/authentication",
    "http/description",
    "http/problems",
    "http/requests",
    "ingest",
    "platform",
    "tenants"
  ],
  "http/reading": [
    "counters",
    "event-log",
    "fasttrack",
    "http/answers",
    "http/authentication",
    "http/description",
    "http/problems",
    "http/requests",
    "platform",
    "projections/catalog",
    "projections/own",
    "projections/projection",
    "tenants",
    "values"
  ],
  "http/admin": ["erasure", "http/authentication", "http/problems", "http/requests"],
  "http/service": [
    "http/answers",
    "http/description",
    "http/problems",
    "http/requests",
    "http/server",
    "platform",
    "processes",
    "readiness"
  ],
  "http": [
    "counters",
    "http/admin",
    "http/answers",
    "http/authentication",
    "http/description",
    "http/ingest",
    "http/reading",
    "http/requests",
    "http/server",
    "http/service",
    "platform",
    "processes"
  ],
  "console": [
    "counters",
    "database",
    "erasure",
    "event-log",
    "fasttrack",
    "http/answers",
    "http/authentication",
    "http/requests",
    "http/server",
    "http/service",
    "ingest",
    "jobs",
    "operators",
    "projections/catalog",
    "projections/feed",
    "projections/projection",
    "projections/runner",
    "projections/versions",
    "readiness",
    "tenants",
    "values"
  ],
  "app": [
    "cluster",
    "console",
    "counters",
    "database",
    "erasure",
    "event-log",
    "http",
    "http/answers",
    "ingest",
    "jobs",
    "operators",
    "partitions",
    "platform",
    "processes",
    "projections/feed",
    "projections/own",
    "projections/projection",
    "projections/runner",
    "projections/versions",
    "readiness",
    "tenants"
  ],
  "cli": [
    "app",
    "cluster",
    "counters",
    "database",
    "erasure",
    "event-log",
    "fasttrack",
    "http",
    "http/server",
    "ingest",
    "operators",
    "partitions",
    "platform",
    "processes",
    "projections/feed",
    "projections/own",
    "projections/projection",
    "projections/runner",
    "projections/versions",
    "tenants",
    "time-zones",
    "transfer",
    "values"
  ],
  "main": ["cli", "projections/own"]
}

/** The room that owns each table, as the only one that writes it. */
const writers: Readonly<Record<string, ReadonlyArray<string>>> = {
  events: ["event-log"],
  slice_heads: ["event-log"],
  log_format: ["event-log"],
  log_histories: ["event-log"],
  erased_users: ["event-log"],
  tenants: ["tenants"],
  api_keys: ["tenants"],
  bootstrap_keys: ["tenants"],
  rejected_events: ["ingest"],
  projections: ["projections/versions"],
  projection_versions: ["projections/versions"],
  checkpoints: ["projections/feed"],
  parked_users: ["projections/feed"],
  generations: ["projections/feed"],
  time_zone_moves: ["time-zones"],
  unfinished_erasures: ["erasure"],
  partitions: ["partitions"],
  partition_identity: ["partitions"],
  partition_moves: ["partitions"],
  partition_fence: ["partitions"],
  fenced_heads: ["event-log"],
  fenced_checkpoints: ["projections/feed"],
  split_rankings: ["projections/tables"],
  split_counts: ["projections/tables"],
  console_sessions: ["operators"],
  audit_entries: ["operators"],
  jobs: ["jobs"]
}

/** The tables that a single file writes, or that only a single file names in its statements. */
const ownFiles: Readonly<Record<string, { readonly file: string; readonly statements: "All" | "Writes"; readonly except?: string }>> = {
  // `events verify` looks at the whole database, from a room below the one that has checkpoints.
  checkpoints: { file: "projections/feed/Checkpoints.ts", statements: "All", except: "transfer/verifyLog.ts" },
  parked_users: { file: "projections/feed/ParkedUsers.ts", statements: "Writes" },
  time_zone_moves: { file: "time-zones/TimeZoneMoves.ts", statements: "Writes" }
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
const textOf = (file: string) => readFileSync(join(root, file), "utf8")

/** The text of a file without its comments. */
const codeOf = (file: string) => textOf(file).replaceAll(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*/gm, "")

const roomOf = (file: string): string => {
  const [first = "", second = "", third] = file.split("/")
  if (first === "main.ts") return "main"
  // What files of your own import: it stands on its own.
  if (first === "projection.ts") return "vocabulary"
  if (!file.includes("/")) return "app"
  return first === "projections" || (first === "http" && third !== undefined) ? `${first}/${second}` : first
}

/**
 * The circles between files that are still there, each by its files in order of the alphabet. A
 * circle is taken apart, and its entry goes.
 */
const circles: ReadonlyArray<ReadonlyArray<string>> = []

/** The files of `src` that a file names: by imports of values and of types, and by URLs. */
const usedBy = (file: string): ReadonlyArray<string> =>
  [...textOf(file).matchAll(/(?:\bfrom|\bimport) "(\.[^"]+)"|new URL\("(\.[^"]+\.ts)"/g)]
    .map(([, imported, url]) => normalize(join(dirname(file), imported ?? url ?? "")))
    .filter((used) => !used.startsWith("..") && existsSync(join(root, used)))

/**
 * The groups of files that can all be reached from each other, by Tarjan's algorithm. One file
 * alone is none, unless it names itself.
 */
const circlesOf = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const order = new Map<string, number>()
  const path: Array<string> = []
  const found: Array<ReadonlyArray<string>> = []
  const visit = (file: string): number => {
    const index = order.size
    order.set(file, index)
    let low = index
    path.push(file)
    const others = graph.get(file) ?? []
    for (const other of others) {
      if (!order.has(other)) low = Math.min(low, visit(other))
      else if (path.includes(other)) low = Math.min(low, order.get(other) ?? index)
    }
    if (low === index) {
      const group = path.splice(path.indexOf(file))
      if (group.length > 1 || others.includes(file)) found.push(group.sort())
    }
    return low
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return found.sort(([one = ""], [other = ""]) => one < other ? -1 : 1)
}

describe("the files of the source", () => {
  it("name each other in no circle but those of the list, types included", () => {
    assert.deepStrictEqual(circlesOf(new Map(files.map((file) => [file, usedBy(file)]))), circles)
  })

  it("would be found in a circle", () => {
    const graph = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: [], f: ["f"], g: ["d", "h"], h: ["i"], i: ["h", "e"] }
    assert.deepStrictEqual(circlesOf(new Map(Object.entries(graph))), [["a", "b", "c"], ["f"], ["h", "i"]])
  })
})

describe("the rooms of the source", () => {
  it("are those of the list, and each uses the rooms that the list has for it, and no other", () => {
    const used = new Map<string, Set<string>>(files.map((file) => [roomOf(file), new Set()]))
    for (const file of files) {
      for (const other of usedBy(file)) if (roomOf(other) !== roomOf(file)) used.get(roomOf(file))?.add(roomOf(other))
    }
    const found = Object.fromEntries([...used].map(([room, others]) => [room, [...others].sort()]))
    assert.deepStrictEqual(found, rooms)
  })

  it("stand on rooms that stand before them", () => {
    const order = Object.keys(rooms)
    for (const [room, others] of Object.entries(rooms)) {
      for (const other of others) assert.isBelow(order.indexOf(other), order.indexOf(room), `${room} uses ${other}`)
    }
  })

  it("have values and the wire contract without clock, chance and files", () => {
    const pure = files.filter((file) => /^(values|fasttrack)\//.test(file))
    assert.isAbove(pure.length, 50)
    const impure = /from "node:(?!crypto")|\bprocess\.|\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)/
    assert.deepStrictEqual(pure.filter((file) => impure.test(textOf(file))), [])
  })

  it("speak SQL in the room of the table, and never in cli and http", () => {
    const fronts = files.filter((file) => /^(cli|http)\//.test(file))
    assert.isAbove(fronts.length, 80)
    const speaking = fronts.filter((file) => /\bsql(<[^`]*>)?`|\bSqlClient\b|\bPgClient\b/.test(textOf(file)))
    assert.deepStrictEqual(speaking, [])
  })

  it("write the tables that the list has for them, and no other", () => {
    const found = Object.fromEntries(
      Object.entries(writers).map(([table, known]) => {
        const writes = new RegExp(`\\b(insert into|update|delete from)\\s+(only\\s+)?${table}\\b`)
        const others = new Set(files.filter((file) => writes.test(textOf(file))).map(roomOf))
        return [table, [...known.filter((room) => others.delete(room)), ...others]]
      })
    )
    assert.deepStrictEqual(found, writers)
    const migrations = fileURLToPath(new URL("../../migrations", import.meta.url))
    const told = (pattern: RegExp) =>
      readdirSync(migrations).flatMap((name) =>
        [...readFileSync(join(migrations, name), "utf8").matchAll(pattern)].map(([, table = ""]) => table)
      )
    const tables = new Set(told(/\bcreate table (\w+)/g)).difference(new Set(told(/\bdrop table (\w+)/g)))
    assert.deepStrictEqual(Object.keys(writers).sort(), [...tables].sort())
  })

  it("have the cluster's tables, which its first runner makes, in one room", () => {
    const naming = new Set(files.filter((file) => /\bplaytally_cluster/.test(codeOf(file))).map(roomOf))
    assert.deepStrictEqual([...naming], ["cluster"])
  })

  it("have the statements on some tables in one file", () => {
    for (const [table, { except, file, statements }] of Object.entries(ownFiles)) {
      const verbs = statements === "All" ? "insert into|update|delete from|from|join" : "insert into|update|delete from"
      const named = new RegExp(`\\b(${verbs})\\s+(only\\s+)?${table}\\b`)
      assert.deepStrictEqual(files.filter((name) => name !== except && named.test(codeOf(name))), [file], table)
      if (except !== undefined) assert.match(codeOf(except), named)
    }
  })

  it("have no statements in the commands on projections, which parse and print", () => {
    const commands = files.filter((file) => file.startsWith("cli/projections"))
    assert.isAbove(commands.length, 10)
    assert.deepStrictEqual(commands.filter((file) => /\bsql`|PgClient/.test(codeOf(file))), [])
  })

  it("lock rows of the tables that they write, and of no other", () => {
    const locks = files.flatMap((file) =>
      [...codeOf(file).matchAll(/\bfor (?:no key update|key share|update|share)\b/g)].map(({ index }) => {
        // The rows are those of the last table before the lock that is one of the database.
        const before = [...codeOf(file).slice(0, index).matchAll(/\b(?:from|join)\s+(?:only\s+)?([a-z_]+)\b/g)]
        const table = before.map(([, name = ""]) => name).findLast((name) => name in writers) ?? ""
        return { file, table, isWriter: writers[table]?.includes(roomOf(file)) === true }
      })
    )
    assert.isAbove(locks.length, 12)
    assert.deepStrictEqual(locks.filter(({ isWriter }) => !isWriter), [])
    const ofCheckpoints = locks.filter(({ table }) => table === "checkpoints").map(({ file }) => file)
    assert.deepStrictEqual([...new Set(ofCheckpoints)], ["projections/feed/Checkpoints.ts"])
  })
})
