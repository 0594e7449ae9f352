import { hash } from "node:crypto"
import { lowerCase } from "../values/asciiCase.ts"
import { known } from "../values/known.ts"
import { type FastTrackEvent, perKind } from "./FastTrackEvent.ts"

/**
 * The event's idempotency key (docs/design.md#idempotency): the name-based UUID (RFC 9562 version
 * 5, SHA-1) in the tenant's secret `namespace` (a UUID) of the kind and the fields that make a
 * resend, written as a JSON array, which no two lists of texts share. It identifies the event
 * within its tenant and user; the user is not part of it.
 */
export const idempotencyKey = (namespace: string, event: FastTrackEvent): string => {
  const hex = hash("sha1", nameIn(namespace, JSON.stringify(keyOf(event))), "hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variants[Number.parseInt(hex.charAt(16), 16)]}${
    hex.slice(17, 20)
  }-${hex.slice(20, 32)}`
}

/**
 * The first digit of the fourth group, by what the hash has there: its two highest bits are 1 and
 * 0.
 */
const variants = Array.from({ length: 16 }, (_, digit) => (digit & 0x3 | 0x8).toString(16))

const keyOf = ({ data, event }: FastTrackEvent): ReadonlyArray<string> => {
  const { blank, fields } = identities[event]
  // The type of a kind says that these fields are texts.
  const texts = data as Partial<Record<string, unknown>> as Readonly<Record<string, string>>
  // A copy of the right size, and no iterator: this is done for every event.
  const key = blank.slice()
  for (let index = 0; index < fields.length; index++) {
    const { field, isCaseInsensitive } = known(fields[index], "field of the identity")
    const text = known(texts[field], field)
    key[index + 1] = isCaseInsensitive ? lowerCase(text) : text
  }
  return key
}

const identities = perKind(({ caseInsensitive, event, identity }: Identity) => ({
  blank: [event, ...identity],
  fields: identity.map((field) => ({ field, isCaseInsensitive: caseInsensitive.includes(field) }))
}))

interface Identity {
  readonly event: string
  readonly identity: ReadonlyArray<string>
  readonly caseInsensitive: ReadonlyArray<string>
}

const longest = 4096
const scratch = Buffer.alloc(16 + longest)
// A batch is of one tenant, so the namespace in the buffer is nearly always the next one too.
let last = ""

/**
 * The bytes of the namespace and the name: in one buffer that every key uses, for this is done for
 * every event, and one that fits nearly every name.
 */
const nameIn = (namespace: string, name: string): Buffer => {
  if (last !== namespace) {
    const bytes = Buffer.from(namespace.replaceAll("-", ""), "hex")
    if (bytes.length !== 16) throw new TypeError("the key namespace of a tenant is a UUID")
    last = namespace
    bytes.copy(scratch)
  }
  return name.length * 3 <= longest
    ? scratch.subarray(0, 16 + scratch.write(name, 16))
    : Buffer.concat([scratch.subarray(0, 16), Buffer.from(name)])
}
