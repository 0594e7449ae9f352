import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The first day of the week changes as the zone does: until a change has come to a user, the user's
 * weeks begin on the day named here. Null for a change that was begun before, whose weeks are the
 * tenant's.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`alter table time_zone_moves add column week_start smallint check (week_start between 1 and 7)`
})
