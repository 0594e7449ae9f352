import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The keys that come from the setting BOOTSTRAP_API_KEY or the file in its place: the current one,
 * and those it has replaced, which come back if the setting does. A key that somebody revokes
 * leaves. Until now the name and the scopes told.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table bootstrap_keys (
      api_key_id uuid primary key references api_keys,
      replaced boolean not null default false
    )`
  yield* sql`
    insert into bootstrap_keys (api_key_id)
    select k.api_key_id from api_keys k join tenants t using (tenant_id)
    where t.name = 'demo' and k.name = 'bootstrap' and k.scopes = array['ingest', 'read', 'admin'] and k.revoked_at is null`
})
