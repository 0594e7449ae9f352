import { createHash } from "node:crypto"
import type { FastTrackEvent } from "./FastTrackEvent.ts"

/**
 * The event's idempotency key (design §2, "Idempotency"): the name-based UUID (RFC 9562 version 5, SHA-1) in the tenant's secret
 * `namespace` (a UUID) of the kind and the fields that make a resend, written as a JSON array, which no two lists of texts share.
 * It identifies the event within its tenant and user; the user is not part of it.
 */
export const idempotencyKey = (namespace: string, event: FastTrackEvent): string => {
  const hex = createHash("sha1").update(bytesOf(namespace)).update(JSON.stringify(keyOf(event))).digest("hex")
  const variant = (Number.parseInt(hex.slice(16, 17), 16) & 0x3 | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const keyOf = ({ data, event }: FastTrackEvent): ReadonlyArray<string> => {
  switch (event) {
    case "realtime-casino":
      return [event, data.type, data.unique_id]
    case "realtime-payment":
      return [event, data.type.toLowerCase(), data.status.toLowerCase(), data.payment_id]
    case "realtime-sports-bet":
      return [event, data.type.toLowerCase(), data.status.toLowerCase(), data.activity_id]
    default:
      return [event, data.unique_id]
  }
}

// A batch is of one tenant, so the last namespace is nearly always the next one.
let last = { uuid: "", bytes: Buffer.alloc(0) }

const bytesOf = (uuid: string): Buffer => {
  if (last.uuid !== uuid) {
    const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex")
    if (bytes.length !== 16) throw new TypeError("the key namespace of a tenant is a UUID")
    last = { uuid, bytes }
  }
  return last.bytes
}
