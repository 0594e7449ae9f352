import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * How far the changes of tenants' time zones have come. While a slice has a row here, the tenant's
 * users in it whose ids come after `moved_up_to` (by their UTF-8 bytes) still live in the zone
 * named here; all others live in the tenant's.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table time_zone_moves (
      tenant_id uuid not null references tenants,
      slice smallint not null,
      time_zone text not null,
      moved_up_to text collate "C" not null default '',
      primary key (tenant_id, slice)
    )`
})
