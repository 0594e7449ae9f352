import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * What the two databases of a split subtract from their rankings, as long as each still has the
 * users of the other (docs/partitions.md#splitting-a-partition).
 *
 * `split_rankings` names the rankings that it is known of, and the move that is the split.
 * `split_counts` has the buckets that they had at the fence. The key is that of the ranking without
 * the tenant.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`create table split_rankings (ranking text collate "C" primary key, move uuid not null)`
  yield* sql`
    create table split_counts (
      ranking text collate "C" not null,
      tenant_id uuid not null,
      key text[] collate "C" not null,
      from_score numeric not null,
      from_at timestamptz not null,
      from_user text collate "C" not null,
      others bigint not null,
      primary key (ranking, tenant_id, key, from_score, from_at, from_user)
    )`
})
