import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * A hash of the source that a version's rows are known to agree with: the one it was registered
 * with, or the one with which it was last verified. Null of a version that was registered before
 * this, until the next start.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`alter table projection_versions add column source text`
})
