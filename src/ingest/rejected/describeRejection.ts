import * as Result from "effect/Result"
import { decodeItem } from "../../fasttrack/decodeItem.ts"
import { idOf } from "../../fasttrack/FastTrackEvent.ts"
import { parseJson } from "../../fasttrack/parseJson.ts"
import type { KeptRejection } from "./keptRejections.ts"

/** What is wrong with an item at one place. */
export interface KeptIssue {
  /** The names that lead there, joined by dots. */
  readonly path: string
  readonly message: string
}

/** The kind and id of a kept item, as far as they can still be read. */
export const identityOf = (
  { item, truncated }: Pick<KeptRejection, "item" | "truncated">
): { readonly event: string | undefined; readonly id: string | undefined } => {
  if (truncated) return { event: undefined, id: undefined }
  return Result.match(decodeItem(parseJson(item)), {
    onSuccess: (event) => ({ event: event.event, id: idOf(event) }),
    onFailure: ({ event, id }) => ({ event: event ?? undefined, id: id ?? undefined })
  })
}

/** What was wrong with a kept item, the first first. */
export const issuesOf = ({ issues }: Pick<KeptRejection, "issues">): ReadonlyArray<KeptIssue> => {
  const all: ReadonlyArray<{ readonly path?: ReadonlyArray<string | number>; readonly message?: string }> = Array.isArray(issues)
    ? issues
    : []
  return all.map(({ message = "", path = [] }) => ({ path: path.join("."), message }))
}
