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

/** The hash before the first item. */
export const firstHash = ""

/** The items of a page in which a user's id stands, by their hashes. */
export interface NamingPage {
  readonly hashes: ReadonlyArray<string>
  /** The last hash looked at; null if there are no more. */
  readonly last: string | null
}

/**
 * Finds the rejected items of a tenant in which a user's id stands (see `standsIn`), among the next
 * {@link pageSize} after a hash.
 *
 * The database finds what may have the id in it, and what is found is read here. An item that comes
 * meanwhile may be missed.
 */
export const namingItems = Effect.fnUntraced(
  function*(
    sql: PgClient.PgClient,
    { after, tenantId, userId }: { readonly tenantId: TenantId; readonly userId: UserId; readonly after: string }
  ): Effect.fn.Return<NamingPage, SqlError.SqlError> {
    const page = yield* searchPage(sql, { tenantId, userId, places: placesOf(userId, tenantId), after })
    const hashes: Array<string> = []
    let looked = 0
    for (const { cut_user_ids, has_names, hash, item, truncated } of page.candidates) {
      // What stands behind the cut is known by its names alone, and those of the beginning are
      // among them.
      const isCut = truncated && !has_names
      if (has_names || standsIn(item, userId, isCut) || isCut && standsIn(cut_user_ids, userId)) hashes.push(hash)
      looked += item.length
      if (looked > stride) {
        looked = 0
        yield* Effect.yieldNow
      }
    }
    return { hashes, last: page.last }
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
