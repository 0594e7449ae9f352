/**
 * A frozen process must not hold its locks for ever, nor a statement that will never end its
 * connection.
 */
export const timeLimits = {
  lock_timeout: "5s",
  statement_timeout: "30s",
  idle_in_transaction_session_timeout: "10s"
} as const

/**
 * Whatever is looked up here has an index. A plan made while a table was young, and kept by a
 * prepared statement, would read all of it for each look-up long after it has grown: payments were
 * folded at a tenth of their speed.
 */
export const plans = { enable_seqscan: "off", jit: "off" } as const
