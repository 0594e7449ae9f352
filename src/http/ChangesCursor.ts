import { createHmac } from "node:crypto"
import type { SliceVector } from "../counters/SliceVector.ts"
import { sliceCount } from "../event-log/sliceOf.ts"
import type { Tenant } from "../tenants/Tenant.ts"

const signatureLength = 10

/**
 * A place in the log as a cursor: a position of every slice, 7 bits a byte and the lowest first, all but a position's last byte with the highest bit set.
 * Signed with the tenant's secret, so that it cannot be made up and is of no use to another tenant. Some 700 to 1,400 characters.
 */
export const encodeChangesCursor = (tenant: Tenant, place: SliceVector): string => {
  const bytes: Array<number> = []
  for (let position of place) {
    while (position > 127) {
      bytes.push(position % 128 + 128)
      position = Math.floor(position / 128)
    }
    bytes.push(position)
  }
  const body = Buffer.from(bytes)
  return Buffer.concat([body, signatureOf(tenant, body)]).toString("base64url")
}

/** The place in a cursor that {@link encodeChangesCursor} made for this tenant; nothing for any other text. */
export const decodeChangesCursor = (tenant: Tenant, cursor: string): SliceVector | undefined => {
  const bytes = Buffer.from(cursor, "base64url")
  const place: Array<number> = []
  let position = 0
  let weight = 1
  for (const byte of bytes.subarray(0, -signatureLength)) {
    position += (byte % 128) * weight
    weight *= 128
    if (byte > 127) continue
    place.push(position)
    position = 0
    weight = 1
  }
  return place.length === sliceCount && encodeChangesCursor(tenant, place) === cursor ? place : undefined
}

const signatureOf = (tenant: Tenant, body: Buffer): Buffer =>
  createHmac("sha256", tenant.keyNamespace).update("changes\0").update(body).digest().subarray(0, signatureLength)
