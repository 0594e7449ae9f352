import * as Result from "effect/Result"
import type { BulkItems } from "../../src/fasttrack/BulkItems.ts"
import { decodeBody } from "../../src/fasttrack/decodeBody.ts"
import { toBody } from "../reference/toBody.ts"

/** Items as a request with them in its body brings them; numbers may be given as their digits, as `toBody` says. */
export const bulkItems = (items: ReadonlyArray<unknown>): BulkItems => Result.getOrThrow(decodeBody(toBody(items)))
