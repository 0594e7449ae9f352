/**
 * The time limits of a session.
 *
 * They keep a frozen process from holding its locks for ever, and a statement without end from
 * holding its connection.
 */
export const timeLimits = {
  lock_timeout: "5s",
  statement_timeout: "30s",
  idle_in_transaction_session_timeout: "10s"
} as const

/**
 * The planner's settings of a session: every look-up of the service has an index.
 *
 * A prepared statement keeps the plan that it got while the table was young. Without these settings
 * that plan reads the whole table for each look-up, long after the table has grown. Payments were
 * folded at a tenth of their speed.
 */
export const plans = { enable_seqscan: "off", jit: "off" } as const
