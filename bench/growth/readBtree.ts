import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { pageBytes } from "./BtreeModel.ts"

/** What the pages of a B-tree hold. */
export interface Btree {
  /** Levels, the leaves included. */
  readonly levels: number
  readonly leaves: number
  readonly innerPages: number
  /** Bytes that an entry of a leaf takes on average, with its line pointer. */
  readonly entryBytes: number
  /** Bytes that an entry of an inner page takes on average, with its line pointer. */
  readonly pivotBytes: number
  /** The part of the usable bytes of leaves that is used. */
  readonly fill: number
}

/** Pages read at once. */
const chunkPages = 512

/** PostgreSQL's `BTP_LEAF`, and `BTP_DELETED`, `BTP_META`, `BTP_HALF_DEAD` together. */
const leafFlag = 1
const noTreeFlags = 4 | 8 | 16

/**
 * Reads all pages of an index from the server's files, which takes a superuser and no extension.
 *
 * The layout is that of PostgreSQL's `bufpage.h` and `nbtree.h`, the same since version 11. A
 * checkpoint first, so that the files have what was written.
 */
export const readBtree = (sql: PgConnection.PgConnection, index: string): Effect.Effect<Btree, SqlError.SqlError> =>
  Effect.gen(function*() {
    const run = (statement: string) => sql.query(statement, [], false)
    yield* run("checkpoint")
    const [file] = (yield* run(`select pg_relation_filepath('${index}') as path, pg_relation_size('${index}')::float8 as bytes`)).rows
    const pages = Number(file?.["bytes"]) / pageBytes
    const leaf = { pages: 0, entries: 0, bytes: 0, usable: 0 }
    const inner = { pages: 0, entries: 0, bytes: 0, usable: 0 }
    let levels = 0
    for (let from = 0; from < pages; from += chunkPages) {
      const count = Math.min(chunkPages, pages - from)
      // The largest file of a relation is 1 GB; what is measured here is smaller.
      const [row] = (yield* run(
        `select encode(pg_read_binary_file('${String(file?.["path"])}', ${from * pageBytes}, ${count * pageBytes}), 'base64') as bytes`
      )).rows
      const bytes = Buffer.from(String(row?.["bytes"]), "base64")
      for (let at = 0; at < bytes.length; at += pageBytes) {
        const page = bytes.subarray(at, at + pageBytes)
        const [lower, upper, special] = [page.readUInt16LE(12), page.readUInt16LE(14), page.readUInt16LE(16)]
        // A page that the file was extended by, and that nothing was written to yet.
        if (upper === 0) continue
        const flags = page.readUInt16LE(special + 12)
        if ((flags & noTreeFlags) !== 0) continue
        const next = page.readUInt32LE(special + 4)
        levels = Math.max(levels, page.readUInt32LE(special + 8) + 1)
        const kind = (flags & leafFlag) !== 0 ? leaf : inner
        // All but the last page of a level begin with their high key, which is no entry.
        const items = (lower - 24) / 4
        kind.pages++
        kind.entries += items - (next === 0 ? 0 : 1)
        kind.bytes += special - upper + lower - 24
        kind.usable += special - 24
      }
    }
    return {
      levels,
      leaves: leaf.pages,
      innerPages: inner.pages,
      entryBytes: leaf.bytes / (leaf.entries + leaf.pages),
      pivotBytes: inner.pages === 0 ? NaN : inner.bytes / (inner.entries + inner.pages),
      fill: leaf.bytes / leaf.usable
    }
  })
