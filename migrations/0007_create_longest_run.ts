import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The longest run of consecutive dates in a set of them, as `days` columns keep it; of several the
 * first. Null without any. Here for generated columns and indexes, which take no subquery.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create function longest_run(days datemultirange) returns daterange language sql immutable strict parallel safe as $$
      select run from unnest(days) as run order by upper(run) - lower(run) desc, run limit 1
    $$`
})
