import { totalmem } from "node:os"
import { isSocket, type Place } from "./Place.ts"

/**
 * Where the embedded server listens, and how it treats a crash: `durable: false` is for tests,
 * whose data nobody misses.
 */
export interface EmbeddedSettings {
  readonly place: Place
  readonly durable: boolean
}

const MiB = 1024 * 1024

/** What this process may use: the container's limit where there is one. */
const memory = () => {
  const limit = process.constrainedMemory?.() ?? 0
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

/**
 * The server's settings as arguments of `postgres`, for `bytes` of memory. A quarter of it for the
 * buffers, at most 4 GB, which fill as the data grows: users come in no order, so where their pages
 * do not fit, each event reads and writes some. Few checkpoints, since each makes the following
 * writes of a page log it whole. The log leaves errors of statements out: their client gets them,
 * and a refused duplicate is routine.
 */
export const embeddedSettings = ({ durable, place }: EmbeddedSettings, bytes: number = memory()): ReadonlyArray<string> => {
  const quarter = Math.floor(bytes / MiB / 4)
  const crashSafe = durable ? "on" : "off"
  const settings = {
    listen_addresses: isSocket(place) ? "" : place.host,
    unix_socket_directories: isSocket(place) ? `"${place.host.replaceAll("\"", "\"\"")}"` : "",
    // A connection takes one before it says who it is, and for as long as it may say nothing.
    max_connections: 300,
    authentication_timeout: "10s",
    fsync: crashSafe,
    synchronous_commit: crashSafe,
    full_page_writes: crashSafe,
    shared_buffers: `${Math.min(Math.max(quarter, 64), 4096)}MB`,
    effective_cache_size: `${Math.max(2 * quarter, 128)}MB`,
    maintenance_work_mem: `${Math.min(Math.max(Math.floor(quarter / 4), 32), 256)}MB`,
    work_mem: "8MB",
    max_wal_size: "4GB",
    min_wal_size: "256MB",
    checkpoint_timeout: "15min",
    checkpoint_completion_target: 0.9,
    // The packaged programs know pglz alone, which takes 0.1 ms for a page: whatever is written
    // first after a checkpoint would take twice as long.
    wal_compression: "off",
    random_page_cost: 1.1,
    effective_io_concurrency: 32,
    jit: "off",
    // Statements of a client that was killed must not go on for long.
    client_connection_check_interval: "5s",
    timezone: "UTC",
    log_timezone: "UTC",
    log_min_messages: "log",
    log_checkpoints: "off"
  }
  return ["-p", String(place.port), ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])]
}
