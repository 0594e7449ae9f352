import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { OwnPartition } from "./OwnPartition.ts"

/** Numbers of partitions are below the number of slices. */
const mostPartitions = 256

/**
 * The partitions that this process leads: whose background work it is to do, such as the feed.
 *
 * The threads of a process share it. A process begins without any. A lead is advice: locks in the
 * database decide who may do a piece of work, so two leaders do no harm and none costs time only.
 */
export class Leads {
  /** For a thread of this process. */
  readonly memory: SharedArrayBuffer
  private readonly led: Uint8Array

  constructor(memory = new SharedArrayBuffer(mostPartitions)) {
    this.memory = memory
    this.led = new Uint8Array(memory)
  }

  has(partition: number): boolean {
    return this.led[partition] === 1
  }

  set(partition: number, leads: "Leads" | "Follows"): void {
    this.led[partition] = leads === "Leads" ? 1 : 0
  }
}

/** The leads of this process; undefined if each process does all background work, as by default. */
export const OwnLeads = Context.Reference<Leads | undefined>("playtally/database/OwnLeads", { defaultValue: () => undefined })

/** Gives what tells whether this process leads the partition whose database the clients lead to. */
export const ownLead: Effect.Effect<() => boolean> = Effect.gen(function*() {
  const leads = yield* OwnLeads
  const partition = yield* OwnPartition
  return () => leads === undefined || leads.has(partition)
})
