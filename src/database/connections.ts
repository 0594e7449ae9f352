import * as Context from "effect/Context"
import { shareOf } from "./PoolShare.ts"

/** How many connections a process opens, by what they are for. */
export interface ConnectionBudget {
  /** Reads of rows at once. */
  readonly reading: number
  /**
   * Histories (`as_of`, `explain`) that are read at once. Each keeps the process busy for seconds.
   */
  readonly histories: number
  /**
   * Of the client for everything but appends and keys.
   *
   * Reads take slots of their part. So the rest is always free for rejected items, readiness,
   * erasure and commands.
   */
  readonly client: number
  /** For appends, one for each writer lane if the process is alone. */
  readonly append: number
  /** For the look-up of API keys. */
  readonly keys: number
}

/** What is left of the client's connections when every slot for reads is taken. */
const othersOf = (processes: number): number => processes <= 2 ? 5 : 4

/** A part of what two processes have together, for each of `processes`. */
const partOf = (connections: number, processes: number): number =>
  processes <= 2 ? connections : Math.max(1, Math.ceil(2 * connections / processes))

/**
 * The connections of each of some processes of one start.
 *
 * From the third process on they share what two have. So `PROCESSES=6` fits in PostgreSQL's usual
 * hundred.
 */
export const budgetOf = (processes: number): ConnectionBudget => {
  const reading = partOf(8, processes)
  const histories = partOf(3, processes)
  return {
    reading,
    histories,
    client: reading + histories + othersOf(processes),
    append: Math.max(2, partOf(8, processes)),
    keys: partOf(2, processes)
  }
}

const alone = budgetOf(1)

/** The connections of a supervisor itself. Its projections' thread has its own. */
export const supervisorBudget: ConnectionBudget = { reading: 1, histories: 1, client: 2, append: 1, keys: 1 }

/**
 * The connections of a job's thread.
 *
 * A rebuild has three transactions at once, and asks for its progress beside them.
 */
export const jobBudget: ConnectionBudget = { reading: 1, histories: 1, client: 6, append: 2, keys: 1 }

/** The jobs that run at once in all processes of the service. */
export const mostJobs = 3

/** The connections of this process. */
export const OwnConnections = Context.Reference<ConnectionBudget>("playtally/database/OwnConnections", { defaultValue: () => alone })

/** The least connections of each pool, where several databases share them. */
export const leastConnections = { client: 6, append: 2, keys: 1 } as const

/**
 * The connections that one start of the service may open to each of some databases.
 *
 * They are those of its processes and of the projections' thread, which neither appends nor looks
 * up keys. A supervisor of several processes has {@link supervisorBudget} besides.
 */
export const connectionsOfService = (processes: number, databases = 1): number => {
  const thread = shareOf(alone.client, { databases, least: leastConnections.client })
  const ofSupervisor = processes === 1 ? 0 : connectionsOf(supervisorBudget, databases)
  return processes * connectionsOf(budgetOf(processes), databases) + thread + ofSupervisor
}

/** The connections that the jobs of all processes may open besides to each of some databases. */
export const connectionsOfJobs = (databases = 1): number => mostJobs * connectionsOf(jobBudget, databases)

const connectionsOf = ({ append, client, keys }: ConnectionBudget, databases: number): number =>
  shareOf(client, { databases, least: leastConnections.client }) + shareOf(append, { databases, least: leastConnections.append }) +
  shareOf(keys, { databases, least: leastConnections.keys })
