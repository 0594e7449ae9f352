import type { FastTrackEvent, ItemIssue } from "./Documents.ts"
import { exactJson } from "./ExactNumber.ts"
import type { Exchange } from "./Exchange.ts"
import { PlaytallyError } from "./PlaytallyError.ts"

/** How much a client sends at once, and how much waits in it. */
export interface SendingBounds {
  /** Events of a request; the service takes 10,000 unless it is set otherwise. */
  readonly eventsPerRequest: number
  /** Bytes of a request; the service takes 32 MiB unless it is set otherwise. */
  readonly bytesPerRequest: number
  /** Requests under way. */
  readonly requestsInFlight: number
  /** Events that wait or are under way. */
  readonly eventsInFlight: number
  /** Bytes of JSON that wait or are under way. A larger event goes alone. */
  readonly bytesInFlight: number
}

export const defaultBounds: SendingBounds = {
  eventsPerRequest: 1000,
  bytesPerRequest: 4 * 1024 * 1024,
  requestsInFlight: 4,
  eventsInFlight: 20_000,
  bytesInFlight: 32 * 1024 * 1024
}

/** An event that the service refuses for good. To send it again gives the same answer. */
export interface RejectedEvent {
  /** Its place among the events that were sent. */
  readonly index: number
  readonly event: FastTrackEvent
  /** `too-large`: it does not even fit into a request of its own. */
  readonly reason: "invalid" | "idempotency_conflict" | "too-large"
  readonly issues: ReadonlyArray<ItemIssue>
}

/** What became of events that were sent. */
export interface SendReport {
  /** Events that are in the log now: stored by this, or before. */
  readonly stored: number
  /** In the order in which they were sent. */
  readonly rejected: ReadonlyArray<RejectedEvent>
}

/** A call of `send` that waits for its events. */
interface Call {
  left: number
  stored: number
  readonly rejected: Array<RejectedEvent>
  isDone: boolean
  readonly end: (failure?: { readonly cause: unknown }) => void
}

/** An event on its way. */
interface Waiting {
  readonly call: Call
  readonly index: number
  readonly event: FastTrackEvent
  readonly text: string
  readonly bytes: number
}

/** The events of one user that wait, in order. */
interface UserQueue {
  readonly userId: string
  waiting: Array<Waiting>
}

const bulkPath = "/api/v1/integrations/fasttrack/bulk"

/** A defect of the service is met again later: whether the batch was stored is not known. */
const alsoAgain: ReadonlySet<number> = new Set([500])

/** Statuses of a request that has too much in it. */
const isTooMuch = (cause: unknown): cause is PlaytallyError => cause instanceof PlaytallyError && cause.status === 413

/**
 * Sends events in batches, each until it is answered.
 *
 * A user's events are in one request at a time, in the order in which they were given. A request
 * takes what has gathered while the others were under way. So one call at a time, or thousands at
 * once, make batches of the size that the service keeps up with.
 */
export class EventSender {
  private readonly exchange: Exchange
  private bounds: SendingBounds
  /** The users with events that wait or are under way. */
  private readonly queues = new Map<string, UserQueue>()
  /** Those of them who have none under way. */
  private readonly ready = new Set<UserQueue>()
  private requests = 0
  private events = 0
  private bytes = 0
  private isDue = false
  /** Calls take their turns, for the order of a user's events is that of the calls. */
  private turn: Promise<void> = Promise.resolve()
  private noteRoom: (() => void) | undefined
  private readonly encoder = new TextEncoder()

  constructor(exchange: Exchange, bounds: SendingBounds) {
    this.exchange = exchange
    this.bounds = bounds
  }

  /** Resolves when each event is stored or rejected, rejects when one will not be answered. */
  send(events: Iterable<FastTrackEvent>, signal: AbortSignal | undefined): Promise<SendReport> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        // One more, until all events are in the queues.
        left: 1,
        stored: 0,
        rejected: [],
        isDone: false,
        end: (failure) => {
          if (call.isDone) return
          call.isDone = true
          signal?.removeEventListener("abort", abort)
          if (failure !== undefined) reject(failure.cause)
          else resolve({ stored: call.stored, rejected: call.rejected.sort((one, other) => one.index - other.index) })
        }
      }
      const abort = () => {
        call.end({ cause: signal?.reason })
        this.noteRoom?.()
      }
      if (signal?.aborted === true) return abort()
      signal?.addEventListener("abort", abort)
      this.turn = this.turn.then(() => this.queue(call, events)).then(() => settle(call), (cause: unknown) => call.end({ cause }))
    })
  }

  private async queue(call: Call, events: Iterable<FastTrackEvent>): Promise<void> {
    let index = 0
    for (const event of events) {
      const text = exactJson(event)
      const waiting: Waiting = { call, index: index++, event, text, bytes: this.encoder.encode(text).byteLength + 1 }
      while (!this.hasRoom(waiting) && !call.isDone) await new Promise<void>((resolve) => this.noteRoom = resolve)
      if (call.isDone) return
      this.add(waiting)
    }
  }

  private hasRoom({ bytes }: Waiting): boolean {
    const { bytesInFlight, eventsInFlight } = this.bounds
    return this.events === 0 || (this.events < eventsInFlight && this.bytes + bytes <= bytesInFlight)
  }

  private add(waiting: Waiting): void {
    waiting.call.left++
    this.events++
    this.bytes += waiting.bytes
    const userId = userOf(waiting.event)
    const queue = this.queues.get(userId)
    if (queue === undefined) {
      const added: UserQueue = { userId, waiting: [waiting] }
      this.queues.set(userId, added)
      this.ready.add(added)
    } else queue.waiting.push(waiting)
    if (this.isDue) return
    this.isDue = true
    // What is sent in the same turn goes together.
    setTimeout(() => {
      this.isDue = false
      this.dispatch()
    })
  }

  private dispatch(): void {
    while (this.requests < this.bounds.requestsInFlight && this.ready.size > 0) {
      const { batch, users } = this.nextBatch()
      // Else all of it was given up.
      if (batch.length > 0) void this.carry(batch, users)
      else this.release(users)
    }
  }

  /** The events of users who have none under way, up to the bounds of a request. */
  private nextBatch(): { readonly batch: ReadonlyArray<Waiting>; readonly users: ReadonlyArray<UserQueue> } {
    const batch: Array<Waiting> = []
    const users: Array<UserQueue> = []
    let bytes = 0
    for (const queue of this.ready) {
      let taken = 0
      for (const waiting of queue.waiting) {
        if (!waiting.call.isDone) {
          const isFull = batch.length >= this.bounds.eventsPerRequest || bytes + waiting.bytes > this.bounds.bytesPerRequest
          if (isFull && batch.length > 0) break
          batch.push(waiting)
          bytes += waiting.bytes
        } else this.leave(waiting)
        taken++
      }
      if (taken === 0) break
      this.ready.delete(queue)
      queue.waiting = queue.waiting.slice(taken)
      users.push(queue)
    }
    return { batch, users }
  }

  private async carry(batch: ReadonlyArray<Waiting>, users: ReadonlyArray<UserQueue>): Promise<void> {
    this.requests++
    try {
      await this.deliver(batch)
    } catch (cause) {
      for (const { call } of batch) call.end({ cause })
    }
    this.requests--
    for (const waiting of batch) this.leave(waiting)
    this.release(users)
    this.dispatch()
  }

  private leave({ bytes }: Waiting): void {
    this.events--
    this.bytes -= bytes
    this.noteRoom?.()
  }

  private release(users: ReadonlyArray<UserQueue>): void {
    for (const queue of users) {
      if (queue.waiting.length > 0) this.ready.add(queue)
      else this.queues.delete(queue.userId)
    }
  }

  /** Sends a batch until it is answered; in halves, one after the other, if it is too much. */
  private async deliver(batch: ReadonlyArray<Waiting>): Promise<void> {
    try {
      this.settleAll(batch, await this.report(batch))
    } catch (cause) {
      if (!isTooMuch(cause)) throw cause
      const [first] = batch
      if (first !== undefined && batch.length === 1) return reject(first, "too-large", [{ path: [], message: cause.message }])
      this.takeBounds(cause)
      const half = batch.length >> 1
      await this.deliver(batch.slice(0, half))
      await this.deliver(batch.slice(half))
    }
  }

  /**
   * The service may take less than it does unless it is set otherwise; its problem says how much.
   */
  private takeBounds({ problem, type }: PlaytallyError): void {
    const limit = problem["limit"]
    if (typeof limit !== "number" || limit < 1) return
    const { bytesPerRequest, eventsPerRequest } = this.bounds
    if (type === "too-many-items") this.bounds = { ...this.bounds, eventsPerRequest: Math.min(eventsPerRequest, limit) }
    // Room for what stands around the events.
    if (type === "body-too-large") this.bounds = { ...this.bounds, bytesPerRequest: Math.min(bytesPerRequest, limit - 16) }
  }

  /** The rejected items of a batch, by their places in it. */
  private async report(batch: ReadonlyArray<Waiting>): Promise<ReadonlyArray<Rejection>> {
    try {
      const { body } = await this.exchange.ask({
        method: "POST",
        path: bulkPath,
        body: `{"items":[${batch.map(({ text }) => text).join(",")}]}`,
        patience: Number.POSITIVE_INFINITY,
        again: alsoAgain,
        isWanted: () => batch.some(({ call }) => !call.isDone)
      })
      return rejectedIn(body)
    } catch (cause) {
      if (cause instanceof PlaytallyError && cause.type === "all-rejected") return rejectedIn(cause.problem)
      throw cause
    }
  }

  private settleAll(batch: ReadonlyArray<Waiting>, rejected: ReadonlyArray<Rejection>): void {
    const byPlace = new Map(rejected.map((rejection) => [rejection.index, rejection]))
    for (const [place, waiting] of batch.entries()) {
      const rejection = byPlace.get(place)
      if (rejection !== undefined) reject(waiting, rejection.reason, rejection.issues)
      else {
        waiting.call.stored++
        settle(waiting.call)
      }
    }
  }
}

type Rejection = Omit<RejectedEvent, "event">

const rejectedIn = (report: unknown): ReadonlyArray<Rejection> =>
  (report as { readonly rejected?: ReadonlyArray<Rejection> } | undefined)?.rejected ?? []

const reject = ({ call, event, index }: Waiting, reason: RejectedEvent["reason"], issues: ReadonlyArray<ItemIssue>): void => {
  call.rejected.push({ index, event, reason, issues })
  settle(call)
}

const settle = (call: Call): void => {
  if (--call.left === 0) call.end()
}

/** Whose event it is. Those that say nothing of it, and will be rejected, are one user's. */
const userOf = (event: FastTrackEvent): string => {
  const data: { readonly user_id?: unknown } | null | undefined = event?.data
  return typeof data?.user_id === "string" ? data.user_id : ""
}
