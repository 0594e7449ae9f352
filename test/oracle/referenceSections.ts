import { referenceCounters } from "./referenceCounters.ts"

const { time_zone: _, user_id: __, ...sections } = referenceCounters([], { timeZone: "UTC", now: new Date(0), userId: "" })

/**
 * The sections of the counters document whose rules are read a second time, in their order
 * (docs/design.md#counters). The catalog may have others beside them, which have their own specs
 * alone.
 */
export const referenceSections: ReadonlyArray<string> = Object.keys(sections)
