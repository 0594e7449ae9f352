/*
 * How the connections of the client for everything but appends are meant to be used. Readers have
 * slots for their part of them, so the rest is always free for rejected items, readiness, erasure
 * and whatever a command does.
 */

/** Readings of rows at once. */
export const readingConnections = 8
/** Histories (`as_of`, `explain`) read at once: each keeps the process busy for seconds. */
export const historyConnections = 3
/** For everything else. */
const otherConnections = 5

/**
 * All of them: with those of appends and of keys, what is left of PostgreSQL's usual hundred serves
 * several processes.
 */
export const clientConnections = readingConnections + historyConnections + otherConnections

/** Of appends, one a writer lane. */
export const appendConnections = 8
/** Of the look-up of keys. */
export const keyConnections = 2

/**
 * What a process of the service may open: its own, and those of the projections' thread, which
 * neither appends nor looks up keys.
 */
export const connectionsOfProcess = 2 * clientConnections + appendConnections + keyConnections
