import { totalmem } from "node:os"
import { isSocket, type Place } from "./Place.ts"

/**
 * Where the embedded server listens, and what a crash may cost it.
 *
 * `durable: false` is for tests, whose data nobody misses.
 */
export interface EmbeddedSettings {
  readonly place: Place
  readonly durable: boolean
}

const MiB = 1024 * 1024

/** The bytes of memory that this process may use: the container's limit where there is one. */
const memory = () => {
  const limit = process.constrainedMemory?.() ?? 0
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

/**
 * The server's settings as arguments of `postgres`, for a machine with `bytes` of memory.
 *
 * - Buffers take a quarter of the memory, at most 4 GB, and fill as the data grows. Users come in
 *   no order. So where their pages do not fit, each event reads and writes some.
 * - Checkpoints are few. After each, the next write of a page logs the whole page.
 * - The log leaves out errors of statements. Their client gets them, and a refused duplicate is
 *   routine.
 */
export const embeddedSettings = ({ durable, place }: EmbeddedSettings, bytes: number = memory()): ReadonlyArray<string> => {
  const quarter = Math.floor(bytes / MiB / 4)
  const crashSafe = durable ? "on" : "off"
  const settings = {
    listen_addresses: isSocket(place) ? "" : place.host,
    unix_socket_directories: isSocket(place) ? `"${place.host.replaceAll("\"", "\"\"")}"` : "",
    // A connection takes one slot before it names its user, and may stay silent until then.
    max_connections: 300,
    authentication_timeout: "10s",
    fsync: crashSafe,
    synchronous_commit: crashSafe,
    full_page_writes: crashSafe,
    shared_buffers: `${Math.min(Math.max(quarter, 64), 4096)}MB`,
    effective_cache_size: `${Math.max(2 * quarter, 128)}MB`,
    maintenance_work_mem: `${Math.min(Math.max(Math.floor(quarter / 4), 32), 256)}MB`,
    work_mem: "8MB",
    // For moves of partitions, which PostgreSQL's logical replication makes. Each takes four
    // workers and three slots at most.
    wal_level: "logical",
    max_replication_slots: 20,
    max_wal_senders: 20,
    max_logical_replication_workers: 12,
    max_worker_processes: 20,
    max_wal_size: "4GB",
    min_wal_size: "256MB",
    checkpoint_timeout: "15min",
    checkpoint_completion_target: 0.9,
    // The packaged programs only know pglz, which takes 0.1 ms for a page. The first writes after a
    // checkpoint would take twice as long.
    wal_compression: "off",
    random_page_cost: 1.1,
    effective_io_concurrency: 32,
    jit: "off",
    // A statement of a killed client must not go on for long.
    client_connection_check_interval: "5s",
    timezone: "UTC",
    log_timezone: "UTC",
    log_min_messages: "log",
    log_checkpoints: "off"
  }
  return ["-p", String(place.port), ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])]
}
