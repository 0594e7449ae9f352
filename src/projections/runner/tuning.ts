/*
 * The runner's sizes and times, each with what was measured for it. All were measured on two cores
 * with PostgreSQL on the same machine; docs/performance.md says which.
 */

/**
 * Chunks in work at once, besides those of the priority queue.
 *
 * A thread that feeds several databases has one of each: while one folds, another one reads and
 * writes rows. Else one folds while the other reads and writes rows. Two hold slices for less time
 * than three and are as fast: with two workers and `rankingPass.bound`, the p99 of strong readings
 * at 8,000 events/s fell from 0.60 s to 0.30 s (23 November 2026).
 */
export const workersOf = (databasesOfThread: number): number => databasesOfThread > 1 ? 1 : 2

/**
 * The most events and bytes in one chunk's transaction.
 *
 * Half of the bytes is for small payloads and half for the others. A parsed payload takes up to 28
 * times its bytes, so four chunks of large payloads at once fit into the thread's 512 MB. Chunks of
 * 5,000 to 20,000 events are equally fast, and the smallest hold up others for the shortest time.
 * 5,000 usual events have a quarter of these bytes (28 November 2026).
 */
export const chunkBound = { events: 5_000, bytes: 5 * 1024 * 1024 } as const

/**
 * Milliseconds that events gather after the first one.
 *
 * A user's events of one chunk are written as one row, so fewer rows are written. Where a process
 * feeds several databases each gets a part of the events. They gather longer there, so that a chunk
 * has as many. Only after a chunk of more than `few` events, so a single event does not wait.
 */
export const gather = { usual: 250, longest: 1_500, few: 200 } as const

/** The milliseconds to gather while there are many events. */
export const gatherOf = (databases: number): number => Math.min(gather.usual * databases, gather.longest)

/**
 * The pass over all slices for the projections that rank users.
 *
 * An event moves a user in several rankings and periods, a row each: it took 65 µs of the
 * database's time in chunks with few events of each user (22 November 2026). A pass writes once
 * what has gathered of a user since the pass before, so passes are rare.
 *
 * `bound`: a pass packs whole slices into chunks of at most this size, a little smaller than
 * `chunkBound`. A strong reading waits for whatever its thread folds in one go: chunks of 16,000
 * events stopped the thread for half a second (23 November 2026).
 *
 * `gather` is the shortest rest between two passes, in milliseconds. While the other projections
 * have events to fold, a pass rests `rest` times as long as it took, up to `longestRest`
 * milliseconds.
 */
export const rankingPass = { bound: { events: 4_000, bytes: 5 * 1024 * 1024 }, gather: 5_000, rest: 9, longestRest: 30_000 } as const

/** How many times as long as it took a pass rests: together those of several databases rest so. */
export const rankingRestOf = (databases: number): number => (rankingPass.rest + 1) * databases - 1

/**
 * How many times in all a ranking pass defers to the other projections, `deferral` each, while they
 * are more than a chunk behind: 20 s together.
 */
export const maxDeferrals = 40
export const deferral = "500 millis"

/**
 * How often all slices are checked for what other processes have appended.
 *
 * After the queue has drained the next check comes sooner, at the earliest after `least`, if the
 * last one found more than `few` events: those who wait for them hear of it at once. A check takes
 * some milliseconds from the senders, so it is not worth it for a few events.
 */
export const lagPoll = { rest: 200, longestRest: 1_000, least: "50 millis", few: 1_000 } as const

/** The milliseconds between two checks: those of several databases are together as many. */
export const lagRestOf = (databases: number): number => Math.min(lagPoll.rest * databases, lagPoll.longestRest)

/**
 * One check in this many also reads the lag's age and the parked users, from the events and users
 * themselves. Reading them with every check took 2 % of a processor (22 November 2026).
 */
export const agesEvery = 4

/**
 * How a runner works that does not lead its partition, in milliseconds.
 *
 * It looks at the slices every `rest`, or within `step` once it leads, and feeds those in which
 * nothing was fed since its last look. It does no ranking pass until the rankings are `rankings`
 * behind: a leader may rest for `rankingPass.longestRest`, and its pass takes its time.
 */
export const following = { rest: 2_000, step: 100, rankings: 60_000 } as const

/**
 * Milliseconds after which a slice with a gap is tried again. Each try reads what follows the gap
 * in vain.
 */
export const gapPoll = 2_000

/** Milliseconds after which a loop without a heartbeat counts as stopped. */
export const loopPatience = 10_000
