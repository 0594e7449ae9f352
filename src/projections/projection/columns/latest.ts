import { ExtremeHeap } from "./ExtremeHeap.ts"
import { timeDocument, timeSql } from "./timeSql.ts"
import type { CollectedKind } from "./TotalKind.ts"

/** The greatest of some times, null without one. */
export const latestKind = {
  nothing: null,
  one: (time) => time,
  merge: (a, b) => b > a ? b : a,
  covers: (kept, withdrawn) => kept >= withdrawn,
  collect: () => new ExtremeHeap((a, b) => a > b),
  sql: { ...timeSql, merge: (stored, added) => `greatest(${stored}, ${added})` },
  document: timeDocument
} satisfies CollectedKind<number, number, null>
