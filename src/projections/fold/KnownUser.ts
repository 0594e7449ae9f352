import type { EntityRow } from "../projection/EntityTable.ts"
import type { FoldContext } from "../projection/FoldContext.ts"
import type { EntityKey } from "./FoldResult.ts"
import type { Totals } from "./Totals.ts"

/**
 * The entity rows known of a user: `null` if there is known to be none yet, `undefined` if it was
 * not looked up.
 */
export type LoadedEntities = (key: EntityKey) => EntityRow | null | undefined

/** What a fold of a user's further events begins with. */
export interface KnownUser {
  readonly loaded: LoadedEntities
  readonly context: FoldContext
  /** The user's totals so far, if the caller has them: they are then rebuilt less often. */
  readonly standing?: Totals | undefined
}
