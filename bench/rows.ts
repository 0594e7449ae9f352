import type { Row } from "./Row.ts"
import { deno } from "./rows/deno.ts"
import { emmett } from "./rows/emmett.ts"
import { growth } from "./rows/growth.ts"
import { ingest } from "./rows/ingest.ts"
import { latency } from "./rows/latency.ts"
import { memory } from "./rows/memory.ts"
import { partitions } from "./rows/partitions.ts"
import { rebuild } from "./rows/rebuild.ts"
import { repeats } from "./rows/repeats.ts"
import { singles } from "./rows/singles.ts"
import { skew } from "./rows/skew.ts"
import { sustained } from "./rows/sustained.ts"

/** Every row, in the order in which they are measured: first those that share a service. */
export const rows: ReadonlyArray<Row> = [
  ingest,
  singles,
  sustained,
  latency,
  repeats,
  skew,
  memory,
  deno,
  emmett,
  rebuild,
  growth,
  partitions
]
