import { isIP } from "node:net"
import { lackingOf, mending, type SessionFacts } from "../checkSession.ts"
import { type ConnectionTarget, socketPathOf } from "../ConnectionTarget.ts"
import type { Pooler } from "../DatabaseUrl.ts"
import { lackingToCome, lackingToLeave, type ReplicationFacts } from "../replicationFacts.ts"
import { timeLimits } from "../sessionSettings.ts"
import { type Finding, ok, warning, wrong } from "./Finding.ts"
import { formatBytes } from "./formatBytes.ts"
import type { DatabaseFacts, Slot, Standby, TableSize } from "./readFacts.ts"

/** A name, quoted for SQL. */
const quoted = (name: string): string => `"${name.replaceAll("\"", "\"\"")}"`

const GiB = 1024 ** 3

/** The version, the role and its rights. */
export const judgeServer = (facts: DatabaseFacts, { isMigrated }: { readonly isMigrated: boolean }): ReadonlyArray<Finding> => {
  const { closed_tables: closed, database, encoding, is_superuser: isSuperuser, may_create: mayCreate, role, schema, version } = facts
  return [
    facts.version_number >= 150_000
      ? ok("version", `PostgreSQL ${version}`)
      : wrong("version", `PostgreSQL ${version} is too old: 15 is the least`),
    ok("role", isSuperuser ? `${role}, a superuser, which is not needed` : role),
    schema === null
      ? wrong("rights", "no schema of the search path exists", `create schema ${quoted(role)} authorization ${quoted(role)};`)
      : mayCreate
      ? ok("rights", `${role} may create tables in the schema ${schema}`)
      : (isMigrated ? warning : wrong)(
        "rights",
        `${role} may not create tables in the schema ${schema}, so it can neither migrate nor rebuild projections`,
        `grant create on schema ${quoted(schema)} to ${quoted(role)};`
      ),
    ...closed.length === 0 || schema === null ? [] : [
      wrong(
        "rights",
        `${role} may not use ${closed.slice(0, 5).join(", ")}${closed.length > 5 ? ` and ${closed.length - 5} more tables` : ""}`,
        `grant select on ${closed.map(quoted).join(", ")} to ${quoted(role)};${
          closed.includes("events") ? ` grant insert on events to ${quoted(role)};` : ""
        } -- docs/erasing-a-user.md has all grants`
      )
    ],
    facts.reads_all_stats
      ? ok("statistics", "the sessions of all roles can be seen")
      : warning(
        "statistics",
        "the sessions of other roles cannot be seen: a rebuild does not give way to services that use another role",
        `grant pg_read_all_stats to ${quoted(role)};`
      ),
    encoding === "UTF8"
      ? ok("encoding", encoding)
      : wrong(
        "encoding",
        `${encoding} has no place for every character that a sender may send`,
        `create database ${quoted(`${database}_utf8`)} encoding 'UTF8' template template0;`
      ),
    facts.collation_version === facts.collation_version_now
      ? ok("collation", `${facts.collation}${facts.collation_version === null ? "" : ` (version ${facts.collation_version})`}`)
      : warning(
        "collation",
        `${facts.collation} has another version in the operating system than when the database was made: its indexes of texts may be out of order`,
        `reindex database ${quoted(database)}; alter database ${quoted(database)} refresh collation version;`
      ),
    facts.transaction_age > 1_500_000_000
      ? wrong(
        "transaction ids",
        `${Math.round(facts.transaction_age / 1e6)} million since the oldest that is not frozen; the server stops at 2,000`,
        "vacuum (freeze);"
      )
      : ok("transaction ids", `${Math.round(facts.transaction_age / 1e6)} million since the oldest that is not frozen`)
  ]
}

/** The settings that decide whether acknowledged events survive a crash. */
export const judgeDurability = ({ settings }: DatabaseFacts): ReadonlyArray<Finding> => {
  const must = (name: string, loss: string): Finding =>
    settings[name] === "off"
      ? wrong(name, `off: ${loss}`, `alter system set ${name} = on; select pg_reload_conf();`)
      : ok(name, settings[name] ?? "unknown")
  return [
    must("fsync", "after a crash of the machine the data may be damaged beyond repair"),
    must("full_page_writes", "a crash of the machine may leave half-written pages"),
    must("synchronous_commit", "the last acknowledged events are lost if the server is killed"),
    settings["wal_level"] === "minimal"
      ? warning(
        "wal_level",
        "minimal: neither a standby nor a base backup is possible",
        "alter system set wal_level = replica; -- and restart"
      )
      : ok("wal_level", settings["wal_level"] ?? "unknown"),
    settings["autovacuum"] === "off"
      ? warning(
        "autovacuum",
        "off: the tables of counters grow and reading gets slow",
        "alter system set autovacuum = on; select pg_reload_conf();"
      )
      : ok("autovacuum", settings["autovacuum"] ?? "unknown")
  ]
}

const milliseconds = (text: string | undefined): number => {
  const [, number = "0", unit = "ms"] = /^(\d+)(ms|s|min|h|d)?$/.exec(text ?? "") ?? []
  return Number(number) * { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit as "ms" | "s" | "min" | "h" | "d"]
}

/** Whether the sessions have the settings that the service asks for. */
export const judgeSession = (
  session: SessionFacts,
  { isShared, pooler }: { readonly isShared: boolean; readonly pooler: Pooler }
): ReadonlyArray<Finding> => {
  const lacking = lackingOf(session)
  const longer = Object.entries(timeLimits).filter(([name, limit]) => milliseconds(session.settings[name]) > milliseconds(limit))
  return [
    isShared && pooler !== "transaction"
      ? wrong("pooler", `it gives sessions for a transaction only, and DATABASE_POOLER is ${pooler}`, "DATABASE_POOLER=transaction")
      : ok(
        "pooler",
        isShared ? "one that gives sessions for a transaction" : pooler === "none" ? "none is noticed" : `${pooler}; none is noticed`
      ),
    lacking.limits.length > 0
      ? wrong(
        "time limits",
        `sessions have no ${lacking.limits.join(", no ")}: a process that is frozen holds its locks for ever`,
        mending(session, lacking.limits)
      )
      : longer.length > 0
      ? warning(
        "time limits",
        `longer than asked for: ${longer.map(([name]) => `${name} ${session.settings[name]}`).join(", ")}`,
        mending(session, longer.map(([name]) => name))
      )
      : ok("time limits", Object.keys(timeLimits).map((name) => `${name} ${session.settings[name]}`).join(", ")),
    lacking.plans.length > 0
      ? warning(
        "planner",
        `reading may become slow: ${lacking.plans.join(", ")} differ from what is asked for`,
        mending(session, lacking.plans)
      )
      : ok("planner", "as asked for")
  ]
}

/** Whether nobody on the way to the server can read what passes. */
export const judgeWay = ({ encrypted, tls }: DatabaseFacts, target: ConnectionTarget): Finding => {
  if (socketPathOf(target) !== undefined) return ok("encryption", "not needed on a Unix socket")
  const to = target.address ?? target.host
  const isHere = to === "localhost" || to === "::1" || (isIP(to) === 4 && to.startsWith("127."))
  if (!encrypted) {
    return isHere ? ok("encryption", "none, to this machine") : warning(
      "encryption",
      `none: events and passwords pass the network as they are (sslmode=${target.tls.mode})`,
      "sslmode=verify-full and sslrootcert=FILE in DATABASE_URL"
    )
  }
  return target.tls.mode === "verify-full" || isHere
    ? ok("encryption", `${tls}`)
    : warning(
      "encryption",
      `${tls}, but nobody looks whose server it is (sslmode=${target.tls.mode})`,
      "sslmode=verify-full and sslrootcert=FILE in DATABASE_URL"
    )
}

/**
 * Whether the server takes writes, which standbys follow it, and what it keeps for those that do
 * not.
 */
export const judgeReplication = (
  facts: DatabaseFacts,
  standbys: ReadonlyArray<Standby>,
  slots: ReadonlyArray<Slot>
): ReadonlyArray<Finding> => {
  const waits = facts.sync_standby_names !== "" && !["off", "local"].includes(facts.settings["synchronous_commit"] ?? "")
  const sync = standbys.filter(({ sync_state: state }) => state === "sync" || state === "quorum")
  const isHidden = standbys.some(({ sync_state: state }) => state === null)
  return [
    facts.in_recovery
      ? wrong("writes", "this is a standby: nothing can be stored", "a URL that leads to the primary, or select pg_promote();")
      : facts.read_only
      ? wrong(
        "writes",
        "sessions are read only: nothing can be stored",
        `alter role ${quoted(facts.role)} in database ${
          quoted(facts.database)
        } set default_transaction_read_only = off; -- unless the server sets it, as a full disk at a hosting provider does`
      )
      : ok("writes", "taken"),
    standbys.length === 0
      ? ok("standbys", "none is connected")
      : ok(
        "standbys",
        standbys.map(({ name, state, sync_state: sync }) => `${name} (${state ?? "unknown"}, ${sync ?? "unknown"})`).join(", ")
      ),
    ...waits && !isHidden && sync.length === 0
      ? [wrong(
        "synchronous standbys",
        `none of synchronous_standby_names is connected: every append waits for ever`,
        "start the standby, or alter system set synchronous_standby_names = ''; select pg_reload_conf();"
      )]
      : [],
    ...slots.flatMap(({ active, kept_bytes: kept, name, wal_status: status }) =>
      !active && (status === "lost" || (kept ?? 0) > GiB)
        ? [warning(
          "slots",
          `${name} is used by nobody${status === "lost" ? " and lost" : ` and keeps ${formatBytes(kept ?? 0)} of log on the disk`}`,
          `select pg_drop_replication_slot('${name}');`
        )]
        : [ok("slots", `${name}, ${active ? "in use" : "not in use"}, keeps ${formatBytes(Math.max(0, kept ?? 0))}`)]
    )
  ]
}

/**
 * The connections that are left for starts of the service, each of which opens up to `perStart`,
 * beside those of the jobs of all of them.
 */
export const judgeConnections = (
  facts: DatabaseFacts,
  { jobs, perStart }: { readonly perStart: number; readonly jobs: number }
): Finding => {
  const room = Math.max(0, Math.floor((facts.free_connections - jobs) / perStart))
  const says = `${facts.settings["max_connections"]} at most, ${facts.connections} in use; a start of the service takes up to ${perStart}` +
    ` and the console's jobs up to ${jobs}, so there is room for ${room} more`
  return room > 0
    ? ok("connections", says)
    : warning(
      "connections",
      says,
      `alter system set max_connections = ${Number(facts.settings["max_connections"]) + perStart + jobs}; -- and restart`
    )
}

/** The size of the database, and the free space if it can be known. */
export const judgeDisk = (
  { database_bytes: bytes }: DatabaseFacts,
  tables: ReadonlyArray<TableSize>,
  free: { readonly bytes: number; readonly of: number; readonly folder: string } | undefined
): ReadonlyArray<Finding> => [
  ok("size", `${formatBytes(bytes)}${tables.map(({ bytes, name }) => `, ${name} ${formatBytes(bytes)}`).join("")}`),
  free === undefined
    ? ok("disk", "the free space of another machine cannot be seen from here")
    : free.bytes < GiB
    ? wrong("disk", `${formatBytes(free.bytes)} free in ${free.folder}: nothing can be stored soon`)
    : free.bytes < free.of / 10
    ? warning("disk", `${formatBytes(free.bytes)} free in ${free.folder}, less than a tenth`)
    : ok("disk", `${formatBytes(free.bytes)} free in ${free.folder}`)
]

/**
 * The difference between the clocks of the server and the service.
 *
 * The service decides by its own whether an event is too new and a key revoked.
 */
export const judgeClock = ({ ahead, took }: { readonly ahead: number; readonly took: number }): Finding => {
  const off = Math.max(0, Math.abs(ahead) - took / 2)
  const says = `the server's is ${(Math.abs(ahead) / 1000).toFixed(1)} s ${ahead < 0 ? "behind" : "ahead of"} this machine's`
  return off > 2000 ? warning("clock", says, "keep both with NTP") : ok("clock", says)
}

/**
 * Whether a partition can be moved out of the database, and into it (docs/partitions.md).
 *
 * A log that stays where it is needs none of this, so what is lacking is no warning.
 */
export const judgeMoves = (facts: ReplicationFacts): Finding => {
  const [leave, come] = [lackingToLeave(facts), lackingToCome(facts)]
  const lacking = [
    ...leave.map(({ mend, says }) => ({ mend, says: `a partition cannot leave: ${says}` })),
    ...come.map(({ mend, says }) => ({ mend, says: `a partition cannot come: ${says}` }))
  ]
  return lacking.length === 0
    ? ok("moves", "a partition can leave this database and come to it")
    : ok("moves", lacking.map(({ says }) => says).join("; "), [...new Set(lacking.map(({ mend }) => mend))].join(" "))
}
