import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * How far the rebuild in steps of a user with many events has come: rows are made of the events up
 * to `rebuilt_to` of the user's slice, by what `rebuilt_in` says of the tenant. The user is parked
 * meanwhile. Null for users who are parked because their events cannot be folded.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`alter table parked_users add column rebuilt_to bigint, add column rebuilt_in text`
})
