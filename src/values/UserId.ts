import * as Brand from "effect/Brand"

/**
 * The id of a user within a tenant, as the sender gives it: 1 to 256 code points.
 *
 * An erased user has a pseudonym in its place, which is longer than any id.
 */
export type UserId = string & Brand.Brand<"UserId">

/** Says that a text is a user's id. It checks nothing. */
export const UserId = Brand.nominal<UserId>()
