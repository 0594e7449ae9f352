/*
 * Cursors of pages in the order of ids. They are not signed: a reader may begin at any id.
 */

/** The cursor of an id. */
export const encodeTextCursor = (id: string): string => Buffer.from(id, "utf8").toString("base64url")

/** The id in a cursor; undefined for any other text. */
export const decodeTextCursor = (cursor: string): string | undefined => {
  const id = Buffer.from(cursor, "base64url").toString("utf8")
  return encodeTextCursor(id) === cursor && !id.includes("\0") ? id : undefined
}
