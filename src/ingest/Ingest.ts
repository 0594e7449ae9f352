import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { EventLog, type EventLogCorrupt, type EventLogUnavailable } from "../event-log/EventLog.ts"
import type { AppendOutcome, EventOutcome, NewEvent } from "../event-log/RecordedEvent.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { BulkItems } from "../fasttrack/BulkItems.ts"
import { decodeItem, type InvalidItem } from "../fasttrack/decodeItem.ts"
import { type FastTrackEvent, idOf, uncountedWord } from "../fasttrack/FastTrackEvent.ts"
import { idempotencyKey } from "../fasttrack/idempotencyKey.ts"
import { type MalformedJson, malformedJson } from "../fasttrack/malformedJson.ts"
import { encodePayload, storedSize } from "../fasttrack/payload.ts"
import { Settings } from "../platform/Settings.ts"
import { takeTurns } from "../platform/takeTurns.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { TenantMetrics } from "../tenants/TenantMetrics.ts"
import { known } from "../values/known.ts"
import type { Steps } from "../values/steps.ts"
import { Admission, type Overloaded } from "./Admission.ts"
import { type IngestReport, RejectedItem } from "./IngestReport.ts"
import { eventsAccepted, eventsDuplicate, eventsRejected, eventsUncounted } from "./metrics.ts"
import { RejectedEvents } from "./rejected/RejectedEvents.ts"
import { type MailboxFull, type UserEvents, UserProcessors } from "./UserProcessors.ts"

/**
 * The request asked for strict handling, and some of its items are invalid.
 *
 * Nothing was stored, and no rejected item was kept.
 */
export class StrictRefusal extends Schema.TaggedError<StrictRefusal>("playtally/ingest/StrictRefusal")("StrictRefusal", {
  rejected: Schema.Array(RejectedItem)
}) {}

/** Why a batch could not be taken in. Sending it again whole is safe after each of these errors. */
export type IngestError = Overloaded | MailboxFull | EventLogUnavailable | EventLogCorrupt | DatabaseUnavailable

const hour = 3_600_000

/**
 * The way of a batch (docs/architecture.md#the-way-of-an-event).
 *
 * 1. Parse and decode the items, piece by piece, so that other requests get turns.
 * 2. Take the budget for all events.
 * 3. Send each user's events to the user's processor, and wait for the commits.
 * 4. Keep the rejected items, and report.
 *
 * From step 2 on nothing interrupts a batch, even if its sender closes the connection.
 */
export class Ingest extends Context.Service<Ingest, {
  /**
   * Stores the items that are valid, keeps the others as rejected, and reports.
   *
   * When it succeeds, each item is committed to the log or kept as rejected. Items whose event the
   * log has already are reported as duplicates.
   *
   * - `MalformedJson`: the body is not JSON. Nothing was stored.
   * - `StrictRefusal`: `strict` was asked for and an item is invalid. Nothing was stored.
   * - `Overloaded`: there is no room for the events. Nothing was stored.
   * - `MailboxFull`: a user of the batch has too many events waiting. Events of others may be
   *   stored.
   * - `EventLogUnavailable`, `EventLogCorrupt`: the log did not take all events. Some may be
   *   stored.
   * - `DatabaseUnavailable`: the events are stored, and the rejected items may not be kept.
   */
  readonly batch: (
    tenant: Tenant,
    items: BulkItems,
    options: { readonly strict: boolean }
  ) => Effect.Effect<IngestReport, MalformedJson | StrictRefusal | IngestError>
}>()("playtally/ingest/Ingest") {
  static readonly layer = Layer.effect(
    Ingest,
    Effect.gen(function*() {
      const admission = yield* Admission
      const processors = yield* UserProcessors
      const log = yield* EventLog
      const rejectedEvents = yield* RejectedEvents
      const { limits } = yield* Settings
      const tenantMetrics = yield* TenantMetrics

      /**
       * Compares the events whose keys the log has already, and settles their outcomes.
       *
       * It runs after the commit, so that only the sender of repeated events waits for it.
       */
      const settled = (decoded: Decoded, outcomes: ReadonlyArray<ReadonlyArray<AppendOutcome>>) =>
        areSettled(outcomes) ? Effect.succeed(outcomes) : compared(decoded, outcomes)

      const compared = Effect.fnUntraced(function*(decoded: Decoded, outcomes: ReadonlyArray<ReadonlyArray<AppendOutcome>>) {
        const repeated = [...decoded.users.values()].flatMap(({ events }, user) =>
          events.flatMap((event, at) => {
            const outcome = outcomes[user]?.[at]
            return outcome?._tag === "Known" ? [{ event, position: outcome.position }] : []
          })
        )
        const found = (yield* log.compare(repeated)).values()
        return outcomes.map((own) => own.map((outcome) => outcome._tag === "Known" ? next(found) : outcome))
      })

      const report = Effect.fnUntraced(function*(
        tenant: Tenant,
        items: BulkItems,
        { decoded, outcomes }: { readonly decoded: Decoded; readonly outcomes: ReadonlyArray<ReadonlyArray<EventOutcome>> }
      ) {
        const report = toReport(decoded, outcomes)
        if (report.rejected.length > 0) {
          yield* rejectedEvents.record(tenant.tenantId, report.rejected, (index) => items.bytesOf(index))
        }
        count(yield* Effect.context<never>(), decoded, { outcomes, report })
        yield* tenantMetrics.events(tenant, { accepted: report.accepted, duplicate: report.duplicates, rejected: report.rejected.length })
        return report
      })

      const store = (tenant: Tenant, items: BulkItems, decoded: Decoded) =>
        processors.process([...decoded.users.values()]).pipe(
          Effect.flatMap((outcomes) => settled(decoded, outcomes)),
          Effect.flatMap((outcomes) => report(tenant, items, { decoded, outcomes }))
        )

      const batch = Effect.fnUntraced(
        function*(tenant: Tenant, items: BulkItems, options: { readonly strict: boolean }) {
          const latest = limits.futureHours === 0 ? Number.POSITIVE_INFINITY : (yield* Clock.currentTimeMillis) + limits.futureHours * hour
          const decoded = yield* takeTurns(decodeAll(items, { tenant, latest, largest: limits.bytesPerEvent }))
          if (decoded === "malformed") return yield* Effect.fail<MalformedJson>((yield* takeTurns(malformedJson(items.bytes))) ?? notJson)
          if (options.strict && decoded.invalid.length > 0) return yield* new StrictRefusal({ rejected: decoded.invalid })
          return yield* Effect.uninterruptible(Effect.flatMap(
            admission.events(tenant.tenantId, items.count - decoded.invalid.length),
            (ticket) => Effect.ensuring(store(tenant, items, decoded), Effect.sync(ticket.release))
          ))
        }
      )
      // A span costs as much as the rest of the way of one event here, so there is none for nobody.
      const isTraced = (yield* Tracer.Tracer) !== Tracer.nativeTracer
      return Ingest.of({
        batch: !isTraced ? batch : (tenant, items, options) =>
          Effect.withSpan(batch(tenant, items, options), "Ingest.batch", {
            attributes: { tenant: tenant.tenantId, events: items.count }
          })
      })
    })
  )
}

const areSettled = (outcomes: ReadonlyArray<ReadonlyArray<AppendOutcome>>): outcomes is ReadonlyArray<ReadonlyArray<EventOutcome>> =>
  outcomes.every((own) => own.every(({ _tag }) => _tag !== "Known"))

const next = (outcomes: Iterator<EventOutcome>): EventOutcome => {
  const { done, value } = outcomes.next()
  if (done === true) throw new Error("an event was not compared")
  return value
}

const notJson: MalformedJson = { _tag: "MalformedJson", message: "The body is not JSON." }

interface UserBatch extends UserEvents {
  readonly events: Array<NewEvent>
  /** The places of the events in the request. */
  readonly indexes: Array<number>
}

/** What the items of a batch are decoded with. */
interface Decoding {
  readonly tenant: Tenant
  /** The latest timestamp taken, in milliseconds since the epoch. */
  readonly latest: number
  /** The largest payload taken, in bytes. */
  readonly largest: number
}

interface Decoded {
  readonly invalid: Array<RejectedItem>
  readonly users: Map<string, UserBatch>
  /** The events that no projection counts. */
  readonly uncounted: Set<NewEvent>
}

/** Bytes of an item that is decoded in the same step as what came before it. */
const shortItem = 16 * 1024

/** Decodes all items, piece by piece. A body that is no JSON is `malformed`. */
function* decodeAll(items: BulkItems, decoding: Decoding): Steps<Decoded | "malformed"> {
  const decoded: Decoded = { invalid: [], users: new Map(), uncounted: new Set() }
  for (let next = 0; next < items.count;) {
    if (next > 0) yield
    const piece = items.piece(next)
    if (Result.isFailure(piece)) return "malformed"
    // An item that is a piece by itself may be large.
    if (piece.success.length === 1 && items.bytesOf(next).length > shortItem) yield
    decodeInto(decoded, decoding, piece.success, next)
    next += piece.success.length
  }
  return decoded
}

/** Decodes a piece of the items, which begins with item `first` of the request. */
const decodeInto = (decoded: Decoded, decoding: Decoding, piece: ReadonlyArray<unknown>, first: number): void => {
  const { largest, tenant } = decoding
  const refuse = (index: number, { event, id, issues }: Omit<InvalidItem, "_tag">) => {
    decoded.invalid.push({ index, event, id, reason: "invalid", issues })
  }
  for (const [nth, item] of piece.entries()) {
    const index = first + nth
    const result = decodeItem(item, decoding)
    if (Result.isFailure(result)) {
      refuse(index, result.failure)
      continue
    }
    const event = result.success
    const payload = encodePayload(event)
    const tooLarge = storedSize(payload, largest)
    if (tooLarge !== undefined) {
      const message = `must take at most ${largest} bytes as it is stored, not ${tooLarge}`
      refuse(index, { event: event.event, id: idOf(event), issues: [{ path: ["data"], message }] })
      continue
    }
    const newEvent = add(decoded, tenant, event, payload, index)
    if (uncountedWord(event) !== undefined) decoded.uncounted.add(newEvent)
  }
}

const add = (decoded: Decoded, tenant: Tenant, event: FastTrackEvent, payload: string, index: number): NewEvent => {
  const { tenantId } = tenant
  const { userId } = event
  const user = decoded.users.get(userId)
  const newEvent: NewEvent = {
    slice: user?.events[0]?.slice ?? sliceOf(tenantId, userId),
    tenantId,
    userId,
    idempotencyKey: idempotencyKey(tenant.keyNamespace, event),
    payload,
    eventType: event.event,
    occurredAt: event.occurredAt
  }
  if (user === undefined) {
    decoded.users.set(userId, { tenantId, userId, events: [newEvent], indexes: [index] })
  } else {
    user.events.push(newEvent)
    user.indexes.push(index)
  }
  return newEvent
}

const toReport = (decoded: Decoded, outcomes: ReadonlyArray<ReadonlyArray<EventOutcome>>): IngestReport => {
  let accepted = 0
  let duplicates = 0
  const rejected = [...decoded.invalid]
  let nth = 0
  for (const user of decoded.users.values()) {
    known(outcomes[nth++], "outcomes of a user").forEach((outcome, at) => {
      const event = known(user.events[at], "event of an outcome")
      const index = known(user.indexes[at], "place of an event in the request")
      if (outcome._tag === "Appended") accepted++
      else if (outcome._tag === "Duplicate") duplicates++
      else rejected.push(refusal(index, event, outcome))
    })
  }
  return { accepted, duplicates, rejected: rejected.sort((a, b) => a.index - b.index) }
}

const refusal = (index: number, event: NewEvent, outcome: Extract<EventOutcome, { _tag: "Conflict" | "Refused" }>): RejectedItem => {
  const id = idOf({ event: event.eventType, data: JSON.parse(event.payload) })
  return outcome._tag === "Conflict"
    ? {
      index,
      event: event.eventType,
      id,
      reason: "idempotency_conflict",
      issues: [{ path: ["data"], message: conflictMessage(outcome.fields) }]
    }
    : {
      index,
      event: event.eventType,
      id,
      reason: "invalid",
      issues: [{ path: ["data"], message: `The database cannot hold this event: ${outcome.message}`.slice(0, 200) }]
    }
}

const conflictMessage = (fields: ReadonlyArray<string>): string =>
  `An event stored under this key stays. It differs in ${fields.join(", ")}.`

/**
 * Counts what became of the items. It is no effect: it needs the context's registry of metrics
 * only.
 */
const count = (
  context: Context.Context<never>,
  decoded: Decoded,
  { outcomes, report }: { readonly outcomes: ReadonlyArray<ReadonlyArray<EventOutcome>>; readonly report: IngestReport }
): void => {
  const accepted = new Map<string, number>()
  const duplicate = new Map<string, number>()
  const uncounted = new Map<string, number>()
  let nth = 0
  for (const user of decoded.users.values()) {
    known(outcomes[nth++], "outcomes of a user").forEach((outcome, at) => {
      const event = known(user.events[at], "event of an outcome")
      const kind = event.eventType
      const tally = outcome._tag === "Appended" ? accepted : outcome._tag === "Duplicate" ? duplicate : undefined
      tally?.set(kind, (tally.get(kind) ?? 0) + 1)
      if (decoded.uncounted.size > 0 && outcome._tag === "Appended" && decoded.uncounted.has(event)) {
        uncounted.set(kind, (uncounted.get(kind) ?? 0) + 1)
      }
    })
  }
  for (const [kind, events] of accepted) eventsAccepted(kind).updateUnsafe(events, context)
  for (const [kind, events] of duplicate) eventsDuplicate(kind).updateUnsafe(events, context)
  for (const [kind, events] of uncounted) eventsUncounted(kind).updateUnsafe(events, context)
  for (const { event, reason } of report.rejected) eventsRejected(reason, event).updateUnsafe(1, context)
}
