import { ErasedUsers } from "../ErasedUsers.ts"
import type { LogHistories } from "../LogHistories.ts"

/** Statements that look keys up after one that met a repeat. */
const lookupsAfterRepeat = 50

/**
 * Whether stored keys are to be expected.
 *
 * A sender that repeats itself repeats much. So after a repeat the next statements look keys up.
 * Once {@link lookupsAfterRepeat} statements met none, statements trust again that their events are
 * new. The unique key tells if they are not.
 */
export class RecentRepeats {
  private lookups = 0

  get areExpected(): boolean {
    return this.lookups > 0
  }

  /** Notes how many repeats a statement met. */
  saw(repeats: number): void {
    this.lookups = repeats > 0 ? lookupsAfterRepeat : Math.max(0, this.lookups - 1)
  }
}

/**
 * For so long after a history began, a request may be under way, or a key be remembered, of a
 * tenant that the database has lost. In milliseconds.
 */
const lostTenantDoubt = 60_000

/**
 * What a process remembers between appends, for their speed, and the history of the log in which
 * all of that is true. A new history empties it.
 */
export class AppendMemory {
  readonly repeats = new RecentRepeats()
  readonly erased = new ErasedUsers()
  readonly histories: LogHistories["Service"]
  private tenantsAreKnownFrom = 0

  constructor(histories: LogHistories["Service"]) {
    this.histories = histories
    histories.onNewHistory(() => {
      this.erased.forget()
      this.tenantsAreKnownFrom = performance.now() + lostTenantDoubt
      // Senders send again what was lost, and what was not answered.
      this.repeats.saw(1)
    })
  }

  /** Whether events may come whose tenant the database has lost. */
  get doubtsTenants(): boolean {
    return performance.now() < this.tenantsAreKnownFrom
  }
}
