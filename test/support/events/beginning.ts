import type { FeedPlace } from "../../../src/counters/changes/FeedPlace.ts"
import { vectorOf } from "../../../src/counters/changes/LogOffset.ts"
import { noHistory } from "../../../src/event-log/Lineage.ts"

/** The place in the feed before the first event, erasure and generation. */
export const beginning: FeedPlace = { positions: vectorOf([]), generation: 0, erasure: 0, lineage: noHistory }
