import type { ChangedUser, CursorStore, Playtally } from "../../client/src/index.ts"

/** Keeps a mirror of the counters of all users, by `ref`, until it is left or has caught up. */
export const mirrorCounters = async (
  playtally: Playtally,
  { cursor, mirror, ...options }: {
    readonly mirror: Map<string, ChangedUser>
    readonly cursor: CursorStore
    readonly until?: "caught-up"
    readonly signal?: AbortSignal
  }
) => {
  for await (const step of playtally.changes({ ...options, cursor, include: "all", held: () => mirror.values() })) {
    for (const ref of step.forget) mirror.delete(ref)
    for (const user of step.changed) mirror.set(user.ref, user)
    for (const user of step.unreadable) throw user.problem
  }
}
