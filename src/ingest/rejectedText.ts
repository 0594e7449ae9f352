/** Everything outside printable ASCII as a JSON escape: any text can be stored, lone surrogates and NUL included, and still is the same JSON. */
export const escaped = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

// As long as the longest user id with every character escaped.
const member = /"user_id":(?:"(?:[^"\\]|\\.){1,3100}"|-?[\d.eE+-]{1,300}(?=[,}]))/g

/** The `user_id` members of an item, wherever they stand in its text, escaped, with a comma after each. At most 16,384 characters. */
export const userIdsIn = (text: string): string => {
  let found = ""
  for (const [match] of text.matchAll(member)) {
    const user = escaped(match)
    if (found.length + user.length >= 16 * 1024) break
    found += `${user},`
  }
  return found
}

/**
 * The texts of which one stands in the escaped text of every item that names a user under `user_id`, and in no other: items are kept as
 * `JSON.stringify` writes them, so a member has one spelling, and within a string its quotes would be escaped. A number that is the same id counts.
 */
export const mentionsOf = (userId: string): ReadonlyArray<string> => [
  `"user_id":${escaped(JSON.stringify(userId))}`,
  .../^-?[\d.eE+-]+$/.test(userId) ? [`"user_id":${userId},`, `"user_id":${userId}}`] : []
]
