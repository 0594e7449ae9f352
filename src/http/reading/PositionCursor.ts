import { createHmac } from "node:crypto"
import type { Tenant } from "../../tenants/Tenant.ts"

/**
 * The cursor of a position of the log, at which a reading continues.
 *
 * `reading` says what is read, such as the events of which user. The cursor is signed with the
 * tenant's secret for exactly that: it cannot be made up, and no other reading takes it.
 */
export const encodeCursor = (tenant: Tenant, reading: ReadonlyArray<string>, position: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(position))
  const signature = createHmac("sha256", tenant.keyNamespace).update("cursor\0").update(bytes).update(JSON.stringify(reading)).digest()
  return Buffer.concat([bytes, signature.subarray(0, 10)]).toString("base64url")
}

/**
 * The position in a cursor that {@link encodeCursor} made for this reading; undefined for any other
 * text.
 */
export const decodeCursor = (tenant: Tenant, reading: ReadonlyArray<string>, cursor: string): number | undefined => {
  const bytes = Buffer.from(cursor, "base64url")
  if (bytes.length < 8) return undefined
  const position = bytes.readBigUInt64BE()
  if (position > Number.MAX_SAFE_INTEGER) return undefined
  return encodeCursor(tenant, reading, Number(position)) === cursor ? Number(position) : undefined
}
