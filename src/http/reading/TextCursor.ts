/*
 * A page that begins with, or after, an id of the reader's own choice: there is nothing to keep to
 * oneself in such a cursor.
 */

/** The cursor of an id. */
export const encodeTextCursor = (id: string): string => Buffer.from(id, "utf8").toString("base64url")

/** The id in a cursor; nothing for any other text. */
export const decodeTextCursor = (cursor: string): string | undefined => {
  const id = Buffer.from(cursor, "base64url").toString("utf8")
  return encodeTextCursor(id) === cursor && !id.includes("\0") ? id : undefined
}
