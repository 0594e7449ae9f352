import * as Result from "effect/Result"
import { createHash } from "node:crypto"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import type { StoredEvent } from "../../../src/event-log/StoredEvent.ts"
import { type LogFilePrelude, logFileVersion } from "../../../src/transfer/LogFile.ts"
import { LogFileWriter } from "../../../src/transfer/LogFileWriter.ts"
import { Position } from "../../../src/values/Position.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"

/** A log that was never in a database. */
export interface SampleLog {
  readonly prelude: LogFilePrelude
  readonly events: ReadonlyArray<StoredEvent>
}

const tenantIds = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"]
const start = Date.UTC(2026, 0, 31)
const createdAt = "2026-01-01T00:00:00.123456Z"

/**
 * Texts that are apt to be written or read wrongly, and payloads that JSON.parse would not give
 * back.
 */
const userIds = (number: number) => [`player-${number}`, `"${number}\\`, `\n\u0001${number}\u2028`, `😀é${number}`, `","payload":${number}`]
const payloads = (number: number) => [
  `{"unique_id":"${number}","amount":0.10000000000000000000${number}}`,
  `{"a":1e400,"a":"\\u0000\\ud800"}`,
  `{ "spread":\n  "over lines",\r\n"n": ${number} }`,
  `{"text":"é😀\u2028 \\n"}`
]
const pick = <A>(values: ReadonlyArray<A>, index: number): A => values[index % values.length] as A

/**
 * As many events of the users of two tenants, each user's in its slice, in the order of the log.
 */
export const sampleLog = (count: number): SampleLog => {
  const slices = new Map<number, Array<StoredEvent>>()
  for (let number = 0; number < count; number++) {
    const user = Math.floor(number / 4)
    const tenant_id = pick(tenantIds, user)
    const user_id = pick(userIds(user), user)
    const slice = sliceOf(TenantId(tenant_id), UserId(user_id))
    const events = slices.get(slice) ?? []
    slices.set(slice, events)
    events.push({
      slice,
      position: Position(events.length + 1),
      recorded_at: `${new Date(start + Math.floor(number / 200) * 1_000).toISOString().slice(0, 19)}.${
        String(number % 200).padStart(6, "0")
      }Z`,
      occurred_at: "1999-12-31T23:59:59.000001Z",
      tenant_id: TenantId(tenant_id),
      user_id: UserId(user_id),
      event_type: "realtime-login",
      idempotency_key: `00000000-0000-5000-8000-${String(number).padStart(12, "0")}`,
      payload_version: 1,
      payload: pick(payloads(number), number)
    })
  }
  const events = [...slices].toSorted(([a], [b]) => a - b).flatMap(([, events]) => events)
  return { prelude: preludeOf(events), events }
}

/** The prelude that fits these events. */
export const preludeOf = (events: ReadonlyArray<StoredEvent>): LogFilePrelude => ({
  header: {
    playtally_log: logFileVersion,
    slice_count: 256,
    lane_count: 3,
    heads: [...new Map(events.map((event) => [event.slice, [event.slice, event.position, event.recorded_at] as const])).values()]
  },
  tenants: tenantIds.map((tenant_id, index) => ({
    tenant_id: TenantId(tenant_id),
    name: `tenant ${index}`,
    time_zone: "Europe/Malta",
    week_start: 7,
    key_namespace: tenant_id,
    created_at: createdAt
  })),
  apiKeys: tenantIds.map((tenant_id, index) => ({
    api_key_id: `00000000-0000-4000-8000-0000000000f${index}`,
    tenant_id: TenantId(tenant_id),
    name: "key",
    key_hash: `${index}0`.repeat(32),
    scopes: ["ingest", "read"],
    created_at: createdAt,
    revoked_at: index === 0 ? null : createdAt
  })),
  erasedUsers: []
})

/** The log as a file. */
export const fileOf = ({ events, prelude }: SampleLog): Buffer => {
  const writer = new LogFileWriter(prelude)
  return Buffer.concat([writer.start(), ...Result.getOrThrow(writer.add(events)), ...Result.getOrThrow(writer.end())])
}

/**
 * Lines as a file whose checks and end are right for whatever the other lines say, as somebody
 * would write it who knows how.
 */
export const sealed = (lines: ReadonlyArray<string>): Buffer => {
  const hash = createHash("sha256")
  const written: Array<string> = []
  for (const line of lines) {
    const right = line.replace(/^({"(?:check|end)":.*"sha256":")[^"]*/, (_, before: string) => before + hash.copy().digest("hex"))
    hash.update(`${right}\n`)
    written.push(`${right}\n`)
  }
  return Buffer.from(written.join(""))
}

/** The lines of a file, without their ends. */
export const linesOf = (file: Buffer): ReadonlyArray<string> => file.toString().split("\n").slice(0, -1)
