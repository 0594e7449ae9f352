import { createHmac } from "node:crypto"
import type { Tenant } from "../tenants/Tenant.ts"

/**
 * Where a reading of one user's events goes on: before `position`. It is signed with the tenant's secret for that user, so that it cannot be made up
 * and says nothing to, or about, anybody else.
 */
export const encodeEventsCursor = (tenant: Tenant, userId: string, position: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(position))
  const signature = createHmac("sha256", tenant.keyNamespace).update("events cursor\0").update(bytes).update(userId).digest()
  return Buffer.concat([bytes, signature.subarray(0, 10)]).toString("base64url")
}

/** The position in a cursor that {@link encodeEventsCursor} made for this user; nothing for any other text. */
export const decodeEventsCursor = (tenant: Tenant, userId: string, cursor: string): number | undefined => {
  const bytes = Buffer.from(cursor, "base64url")
  if (bytes.length < 8) return undefined
  const position = bytes.readBigUInt64BE()
  if (position > Number.MAX_SAFE_INTEGER) return undefined
  return encodeEventsCursor(tenant, userId, Number(position)) === cursor ? Number(position) : undefined
}
