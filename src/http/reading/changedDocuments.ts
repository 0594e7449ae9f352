import * as Effect from "effect/Effect"
import type { Counters, CountersDocument } from "../../counters/Counters.ts"
import { TooManyRows } from "../../counters/TooManyRows.ts"
import { Breather } from "../../platform/Breather.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { UserId } from "../../values/UserId.ts"
import { JsonText } from "../answers/JsonText.ts"
import { AnswerTooLarge, TooManyRows as TooManyRowsProblem } from "../problems/readings.ts"
import type { Sections } from "./parameters.ts"

/** Most bytes of the documents of a page of changes. */
export const maxDocumentBytes = 8 * 1024 * 1024
/** Most changes of a page with documents. */
export const maxDocuments = 500
/** Users whose documents are read together. */
const batch = 25

/**
 * A user's document, or the problem that stands in its place.
 *
 * Null for a user without events, such as one who was erased meanwhile.
 */
export type ChangedDocument = { readonly document: JsonText | null } | { readonly problem: TooManyRowsProblem | AnswerTooLarge }

/**
 * Reads the documents of users, in order, as long as they have at most {@link maxDocumentBytes}
 * together, and one at least.
 *
 * A document that cannot be answered has a problem in its place, and stops no other user's.
 */
export const changedDocuments = Effect.fnUntraced(function*(
  counters: Counters["Service"],
  { tenant, userIds, ...sections }: Sections & { readonly tenant: Tenant; readonly userIds: ReadonlyArray<string> }
) {
  const options = { ...sections, consistency: { _tag: "Eventual" } } as const
  /** The documents of some users by their ids, or that they are too many. */
  const read = (some: ReadonlyArray<string>) =>
    counters.read(tenant, some.map((each) => UserId(each)), options).pipe(
      Effect.map((documents): Read => new Map(documents.map((document) => [document.user_id, document]))),
      Effect.catchTag("TooManyRows", (error) => Effect.succeed<Read>(error))
    )
  const breather = new Breather()
  const found: Array<ChangedDocument> = []
  let bytes = 0
  const isFull = (document: CountersDocument | undefined) => {
    const text = document === undefined ? undefined : JSON.stringify(document)
    const size = text === undefined ? 0 : Buffer.byteLength(text)
    if (size > maxDocumentBytes) found.push({ problem: new AnswerTooLarge({ limit: maxDocumentBytes }) })
    else if (found.length > 0 && bytes + size > maxDocumentBytes) return true
    else {
      bytes += size
      found.push({ document: text === undefined ? null : new JsonText(text) })
    }
    return false
  }
  for (let start = 0; start < userIds.length; start += batch) {
    const some = userIds.slice(start, start + batch)
    const together = yield* read(some)
    for (const userId of some) {
      const own = together instanceof TooManyRows ? yield* read([userId]) : together
      if (own instanceof TooManyRows) {
        const { detail, limit, section } = own
        found.push({ problem: new TooManyRowsProblem({ detail, limit, section }) })
      } else if (isFull(own.get(userId))) return found
      if (breather.isDue) yield* breather.rest
    }
  }
  return found
})

type Read = ReadonlyMap<string, CountersDocument> | TooManyRows
