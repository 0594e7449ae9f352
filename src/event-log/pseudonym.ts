import { createHmac } from "node:crypto"
import type { UserId } from "../values/UserId.ts"
import { fnv1a } from "./sliceOf.ts"

/** The kind of an erased event, whose payload has version 0 and is `{}`. */
export const erasedType = "erased"
export const erasedVersion = 0

/**
 * One more than any user id has (docs/design.md#values): no user can have the id of a pseudonym,
 * and no request can ask for one.
 */
const length = 257
const prefix = "erased:"

/**
 * What stands for an erased user in the log: an HMAC-SHA-256 of the user id under the tenant's
 * secret key namespace, spun out so that it is no user id. It is the same whenever the user is
 * erased, and tells nothing to a reader without the namespace. Part of the data format.
 */
export const pseudonymOf = (namespace: string, userId: UserId): string =>
  (prefix + createHmac("sha256", namespace).update("playtally erased user\0").update(userId).digest("hex")).padEnd(length, ".")

const pattern = new RegExp(`^${prefix}[\\da-f]{64}\\.{${length - prefix.length - 64}}$`)

/** Whether it stands for an erased user. */
export const isPseudonym = (userId: string): boolean => userId.length === length && pattern.test(userId)

/**
 * What readers are told of a user beside the id: 32 hexadecimal digits of the pseudonym, so that it
 * can still be told when the id is gone.
 */
export const refOf = (pseudonym: string): string => pseudonym.slice(prefix.length, prefix.length + 32)

/** The same of a user who is in the log. */
export const userRef = (namespace: string, userId: UserId): string => refOf(pseudonymOf(namespace, userId))

/** Where the tags of a tenant's users begin. */
export const tagStart = (namespace: string): number => fnv1a(0x811c9dc5, namespace)

/**
 * 32 bits of a user, cheap enough to be computed for each user of each append. A user whose tag is
 * not that of an erased user was never erased. Part of the data format.
 */
export const tagOf = (start: number, userId: UserId): number => fnv1a(start, userId) | 0
