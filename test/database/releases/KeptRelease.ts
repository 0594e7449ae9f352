import { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { readdirSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { gunzipSync, gzipSync } from "node:zlib"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"

/** A database that a released version filled, and what that version was sent. */
export interface KeptRelease {
  /** The zone of the tenant `demo` when the database was dumped. */
  readonly timeZone: string
  /** Every item that the release was sent and stored, in the order of sending. */
  readonly sent: ReadonlyArray<FastTrackItem>
  /** Items of the same users, of which the release knows nothing. */
  readonly later: ReadonlyArray<FastTrackItem>
  /** The user that the release erased. Its items are among those sent. */
  readonly erasedUser: string
  /** The dump, as plain SQL. */
  readonly sql: string
}

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const sqlFile = (name: string) => fileOf(`${name}.sql.gz`)
const itemsFile = (name: string) => fileOf(`${name}.items.json.gz`)

/** The names of all kept releases. */
export const keptReleases: ReadonlyArray<string> = readdirSync(fileOf("."))
  .flatMap((file) => file.endsWith(".sql.gz") ? [file.slice(0, -".sql.gz".length)] : [])
  .toSorted()

/** Reads a kept release. */
export const readRelease = (name: string): Effect.Effect<KeptRelease> =>
  Effect.promise(async () => {
    const items = gunzipSync(await readFile(itemsFile(name))).toString()
    return { ...JSON.parse(items) as Omit<KeptRelease, "sql">, sql: gunzipSync(await readFile(sqlFile(name))).toString() }
  })

/** Keeps a release under a name. */
export const keepRelease = (name: string, { sql, ...items }: KeptRelease): Effect.Effect<void> =>
  Effect.promise(async () => {
    await writeFile(sqlFile(name), gzipSync(sql, { level: 9 }))
    await writeFile(itemsFile(name), gzipSync(JSON.stringify(items), { level: 9 }))
  })

/**
 * Restores a dump into the test's database, which is empty.
 *
 * PostgreSQL takes one statement a message here, and `execute` in a block takes the whole dump.
 */
export const restoreRelease = Effect.fnUntraced(function*({ sql }: KeptRelease) {
  const { url } = yield* TestDatabase
  const connection = yield* PgConnection.make({ url })
  const quote = "$the_whole_dump$"
  if (sql.includes(quote)) throw new Error(`The dump contains ${quote}: this is a defect`)
  yield* connection.query(`do $restore$ begin execute ${quote}${sql}${quote}; end $restore$`, [], false)
}, Effect.scoped)
