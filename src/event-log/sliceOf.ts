import { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
/**
 * The number of slices every log has. Part of the data format, stored in the database when it is
 * created (docs/architecture.md#slices-and-positions).
 */
export const sliceCount = 256

/** Every slice there is. */
export const allSlices: ReadonlyArray<Slice> = Array.from({ length: sliceCount }, (_, slice) => Slice(slice))

const offsetBasis = 0x811c9dc5
const prime = 0x01000193
const utf8 = new TextEncoder()

/** Goes on with a hash, FNV-1a 32, over the UTF-8 bytes of a text. */
export const fnv1a = (hash: number, text: string): number => {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return utf8.encode(text.slice(index)).reduce((hash, byte) => Math.imul(hash ^ byte, prime), hash)
    hash = Math.imul(hash ^ code, prime)
  }
  return hash
}

/**
 * The slice that holds a user's events: FNV-1a 32 over the UTF-8 bytes of the tenant's uuid (as
 * lower-case text), 0x00 and the user id, modulo {@link sliceCount}. Part of the data format
 * (docs/architecture.md#slices-and-positions): the test vectors must never change.
 */
export const sliceOf = (tenantId: TenantId, userId: UserId): Slice =>
  Slice((fnv1a(Math.imul(fnv1a(offsetBasis, tenantId), prime), userId) >>> 0) % sliceCount)
