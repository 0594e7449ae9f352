import * as Effect from "effect/Effect"
import type { Counters, CountersDocument } from "../../counters/Counters.ts"
import { TooManyRows } from "../../counters/TooManyRows.ts"
import { Breather } from "../../platform/Breather.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { JsonText } from "../answers/JsonText.ts"
import * as Problems from "../problems/problems.ts"

/** Most bytes of the documents of a page of changes. */
export const maxDocumentBytes = 8 * 1024 * 1024
/** Most changes of a page with documents. */
export const maxDocuments = 500
/** Users whose documents are read together. */
const batch = 25

/**
 * A user's document, or what keeps it from being answered; null for a user without events, say one
 * who has been erased since.
 */
export type ChangedDocument = { readonly document: JsonText | null } | { readonly problem: Problems.TooManyRows | Problems.AnswerTooLarge }

/**
 * Reads the documents of some users, in order, until they have more than {@link maxDocumentBytes}
 * together: those that fit, one at least. A document that cannot be answered has a problem in its
 * place and stops nobody else's.
 */
export const changedDocuments = Effect.fnUntraced(function*(
  counters: Counters["Service"],
  tenant: Tenant,
  userIds: ReadonlyArray<string>,
  sections: { readonly sections: ReadonlyArray<string>; readonly areNamed: boolean }
) {
  const options = { ...sections, consistency: { _tag: "Eventual" } } as const
  /** The documents of some users by their ids, or that they are too many. */
  const read = (some: ReadonlyArray<string>) =>
    counters.read(tenant, some, options).pipe(
      Effect.map((documents): Read => new Map(documents.map((document) => [document.user_id, document]))),
      Effect.catchTag("TooManyRows", (error) => Effect.succeed<Read>(error))
    )
  const breather = new Breather()
  const found: Array<ChangedDocument> = []
  let bytes = 0
  const isFull = (document: CountersDocument | undefined) => {
    const text = document === undefined ? undefined : JSON.stringify(document)
    const size = text === undefined ? 0 : Buffer.byteLength(text)
    if (size > maxDocumentBytes) found.push({ problem: new Problems.AnswerTooLarge({ limit: maxDocumentBytes }) })
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
        found.push({ problem: new Problems.TooManyRows({ detail, limit, section }) })
      } else if (isFull(own.get(userId))) return found
      if (breather.isDue) yield* breather.rest
    }
  }
  return found
})

type Read = ReadonlyMap<string, CountersDocument> | TooManyRows
