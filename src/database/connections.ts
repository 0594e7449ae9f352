/*
 * How the connections of the client for everything but appends are shared out. Reads take slots of
 * their part. So the rest is always free for rejected items, readiness, erasure and commands.
 */

/** Reads of rows at once. */
export const readingConnections = 8
/**
 * Histories (`as_of`, `explain`) that are read at once. Each keeps the process busy for seconds.
 */
export const historyConnections = 3
/** For everything else. */
const otherConnections = 5

/**
 * The sum of the three.
 *
 * With the connections of appends and of keys, PostgreSQL's usual hundred still serves several
 * processes.
 */
export const clientConnections = readingConnections + historyConnections + otherConnections

/** For appends, one for each writer lane. */
export const appendConnections = 8
/** For the look-up of API keys. */
export const keyConnections = 2

/**
 * The connections that a process of the service may open.
 *
 * They are its own and those of the projections' thread, which neither appends nor looks up keys.
 */
export const connectionsOfProcess = 2 * clientConnections + appendConnections + keyConnections
