import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The names that stand in a rejected item that is kept only in part, as a Bloom filter, so that
 * erasing a user finds an item that names the user behind the cut. Null of an item that is whole,
 * and of one that was cut by a version before this, which noted members called `user_id` in
 * `cut_user_ids`.
 *
 * Nothing here takes longer with more rows: there may be millions.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`alter table rejected_events add column cut_names bytea`
  // A quota's worth of rows may come and go within minutes.
  yield* sql`alter table rejected_events set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000)`
})
