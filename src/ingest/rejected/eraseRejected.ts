import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { placesOf } from "./cutNames.ts"
import { reasons } from "./keptRejections.ts"
import { isNumeric, standsIn, tellTale } from "./rejectedText.ts"

/** Items looked at by one statement: at 16 KB each it reads 8 MB, which takes some 50 ms. */
const pageSize = 500
/** Characters looked at here before others get a turn. */
const stride = 256 * 1024

interface Candidate {
  readonly hash: string
  readonly item: string
  readonly truncated: boolean
  readonly has_names: boolean
  readonly cut_user_ids: string
}

/**
 * Removes the rejected items of a tenant in which a user's id stands, see `standsIn`, and says how
 * many there were. All of the tenant's are looked at, page by page in order of their hashes, each
 * page in statements of its own unless the caller has a transaction. The database finds what may
 * have the id in it, and what is found is read here.
 *
 * An item that comes meanwhile may be missed. It is removed before a user's events are, as
 * `RejectedReplay` may be about to store it: the replay holds the row until its event is in the
 * log, so that the event is there once this is done.
 */
export const eraseRejected = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, tenantId: TenantId, userId: UserId): Effect.fn.Return<number, SqlError.SqlError> {
    const places = placesOf(userId, tenantId)
    let removed = 0
    let after: string | null = ""
    while (after !== null) {
      const page: SearchedPage = yield* searchPage(sql, { tenantId, userId, places, after })
      const found: Array<string> = []
      let looked = 0
      for (const { cut_user_ids, has_names, hash, item, truncated } of page.candidates) {
        // What stands behind the cut is known by its names alone, and those of the beginning are
        // among them.
        const isCut = truncated && !has_names
        if (has_names || standsIn(item, userId, isCut) || isCut && standsIn(cut_user_ids, userId)) found.push(hash)
        looked += item.length
        if (looked > stride) {
          looked = 0
          yield* Effect.yieldNow
        }
      }
      if (found.length > 0) removed += yield* remove(sql, tenantId, found)
      after = page.last
    }
    return removed
  }
)

interface SearchedPage {
  /** The last hash looked at; null if there are no more. */
  readonly last: string | null
  readonly candidates: ReadonlyArray<Candidate>
}

interface Search {
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly places: ReadonlyArray<number>
  readonly after: string
}

/** The items of a page that may have the id in them: no item that has is missing. */
const searchPage = (
  sql: PgClient.PgClient,
  { after, places, tenantId, userId }: Search
): Effect.Effect<SearchedPage, SqlError.SqlError> =>
  Effect.map(
    searchStatement(sql, { after, places, tenantId, userId }),
    (rows) => {
      const last = rows.find(({ item }) => item === null)
      return {
        last: last === undefined || Number(last.looked_at) < pageSize ? null : last.hash,
        candidates: rows.filter((row): row is SearchRow & Candidate => row.item !== null)
      }
    }
  )

interface SearchRow extends Omit<Candidate, "item"> {
  readonly item: string | null
  readonly looked_at: bigint | null
}

/** One row of the page itself, without an item, and one of each candidate. */
export const searchStatement = (sql: PgClient.PgClient, { after, places, tenantId, userId }: Search) =>
  sql<SearchRow>`
    with page as materialized (
      select item_hash, item, truncated, cut_names, cut_user_ids
      from unnest(${arrayOf.text(reasons)}::text[]) as reasons (reason)
      cross join lateral (
        select * from rejected_events as of_reason
        where tenant_id = ${tenantId}::uuid and of_reason.reason = reasons.reason and item_hash > decode(${after}, 'hex')
        order by item_hash limit ${pageSize}
      ) as kept
      -- Two reasons of one item are never torn apart.
      order by item_hash fetch first ${pageSize} rows with ties
    ),
    candidates as (
      select * from page where case
        -- Cut: it is known which names the whole had.
        when cut_names is not null then not exists (
          select from unnest(${arrayOf.int8(places)}::bigint[]) as place
          where get_bit(cut_names, place & (length(cut_names) * 8 - 1)) = 0
        )
        else strpos(item, ${tellTale(userId)}) > 0
          -- A string with JSON in it that escapes what needs no escape.
          or strpos(item, ${"\\\\u00"}) > 0
          -- The same number in another spelling.
          or (${isNumeric(userId)} and item ~ '[0-9][eE][-+]?[0-9]')
          -- Cut by an older version, perhaps within the id.
          or truncated
      end
    )
    select max(encode(item_hash, 'hex') collate "C") as hash, null as item, null as truncated, null as has_names, null as cut_user_ids, count(*) as looked_at
    from page
    union all
    select encode(item_hash, 'hex'), item, truncated, cut_names is not null, cut_user_ids, null from candidates`

/**
 * Removes the items of some hashes, whatever their reasons are by now: a replay may change the
 * reason of one that is waited for here. They are locked in the order in which requests write them.
 */
const remove = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, tenantId: TenantId, hashes: ReadonlyArray<string>) {
    const these = sql`
      tenant_id = ${tenantId}::uuid and reason = any (${arrayOf.text(reasons)}::text[])
      and item_hash = any (array(select decode(hash, 'hex') from unnest(${arrayOf.text(hashes)}::text[]) as hashes (hash)))`
    yield* sql`select from rejected_events where ${these} order by reason, item_hash for update`
    return (yield* sql`delete from rejected_events where ${these} returning 1 as gone`).length
  },
  (removing, sql) => sql.withTransaction(removing)
)
