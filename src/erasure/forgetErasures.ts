import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { SliceRange } from "../event-log/statements/servedSlices.ts"

/** Forgets the erasures under way in some slices: the database that has these goes on with them. */
export const forgetErasures = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from unfinished_erasures where slice between ${first} and ${last}`)
