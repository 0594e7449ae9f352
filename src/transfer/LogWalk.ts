import { erasedType, isPseudonym } from "../event-log/pseudonym.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import { isKnownEvent, type StoredEvent } from "../event-log/StoredEvent.ts"
import { eventsIn, type LogFilePrelude } from "./LogFile.ts"

/**
 * Goes through a log by slice and position, and knows what must come next.
 *
 * - Positions are 1, 2, 3 … up to each head.
 * - `recorded_at` never decreases, and ends as the head says.
 * - Tenants exist, users hash to their slice, and erased users are named.
 * - Payloads can be read.
 *
 * Exports and imports go by the same walk. So a damaged log makes no export, and a damaged file is
 * not imported.
 */
export class LogWalk {
  private readonly prelude: LogFilePrelude
  private readonly tenantIds: ReadonlySet<string>
  /** The slices of the erased users, by tenant and pseudonym. */
  private readonly erased: ReadonlyMap<string, number>
  private place = 0
  private position = 0
  private recordedAt = ""
  /** How many events have come. */
  events = 0
  /** How many there are. */
  readonly total: number

  constructor(prelude: LogFilePrelude) {
    this.prelude = prelude
    this.tenantIds = new Set(prelude.tenants.map(({ tenant_id }) => tenant_id))
    this.erased = new Map(prelude.erasedUsers.map(({ pseudonym, slice, tenant_id }) => [`${tenant_id}/${pseudonym}`, slice]))
    this.total = eventsIn(prelude.header.heads)
  }

  /** Takes the next event, or says why it cannot be that. */
  next(event: StoredEvent): string | undefined {
    const head = this.prelude.header.heads[this.place]
    if (head === undefined) return `event ${event.slice}/${event.position} is beyond the last head`
    const [slice, last, recordedAt] = head
    if (event.slice !== slice || event.position !== this.position + 1) {
      return `event ${event.slice}/${event.position} stands where ${slice}/${this.position + 1} must be`
    }
    const name = `event ${slice}/${event.position}`
    if (event.recorded_at < this.recordedAt) return `${name} was recorded before its predecessor`
    if (!this.tenantIds.has(event.tenant_id)) return `${name} is of a tenant that does not exist: ${event.tenant_id}`
    if (event.event_type === erasedType) {
      if (this.erased.get(`${event.tenant_id}/${event.user_id}`) !== slice) {
        return `${name} is of an erased user who is not among those of the slice`
      }
      if (event.payload !== "{}") return `${name} is erased, and says something`
    } else if (isPseudonym(event.user_id)) {
      return `${name} is not erased, but its user is`
    } else if (sliceOf(event.tenant_id, event.user_id) !== slice) {
      return `${name} is of a user who belongs into slice ${sliceOf(event.tenant_id, event.user_id)}`
    }
    if (!isKnownEvent(event.event_type, event.payload_version)) {
      return `${name} is a ${event.event_type} with payload version ${event.payload_version}, which this release does not know`
    }
    if (event.position === last) {
      if (event.recorded_at !== recordedAt) return `${name} is its slice's last, but was not recorded when the head says`
      this.place++
      this.position = 0
      this.recordedAt = ""
    } else {
      this.position = event.position
      this.recordedAt = event.recorded_at
    }
    this.events++
    return undefined
  }
}
