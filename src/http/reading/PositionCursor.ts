import { createHmac } from "node:crypto"
import type { Tenant } from "../../tenants/Tenant.ts"

/**
 * Where a reading goes on: at a position of the log. `reading` says in texts what is read, say the
 * events of which user; the cursor is signed with the tenant's secret for exactly that, so that it
 * cannot be made up and says nothing to, or about, any other reading.
 */
export const encodeCursor = (tenant: Tenant, reading: ReadonlyArray<string>, position: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(position))
  const signature = createHmac("sha256", tenant.keyNamespace).update("cursor\0").update(bytes).update(JSON.stringify(reading)).digest()
  return Buffer.concat([bytes, signature.subarray(0, 10)]).toString("base64url")
}

/**
 * The position in a cursor that {@link encodeCursor} made for this reading; nothing for any other
 * text.
 */
export const decodeCursor = (tenant: Tenant, reading: ReadonlyArray<string>, cursor: string): number | undefined => {
  const bytes = Buffer.from(cursor, "base64url")
  if (bytes.length < 8) return undefined
  const position = bytes.readBigUInt64BE()
  if (position > Number.MAX_SAFE_INTEGER) return undefined
  return encodeCursor(tenant, reading, Number(position)) === cursor ? Number(position) : undefined
}
