import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Which keys come from the setting BOOTSTRAP_API_KEY or the file in its place: the `current` one, and those it has `replaced`, which come back if the
 * setting does. Null for all others, and for those that somebody has revoked. Until now the name and the scopes told.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`alter table api_keys add column bootstrap text check (bootstrap in ('current', 'replaced'))`
  yield* sql`
    update api_keys k set bootstrap = 'current' from tenants t
    where t.tenant_id = k.tenant_id and t.name = 'demo'
      and k.name = 'bootstrap' and k.scopes = array['ingest', 'read', 'admin'] and k.revoked_at is null`
})
