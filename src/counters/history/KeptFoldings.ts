import type { Folding, Progress } from "./Folding.ts"

/** The most foldings that are kept, and for how long, in milliseconds. */
const maxKept = 64
/** The most bytes that they take together. */
const maxBytes = 96 * 1024 * 1024
const timeToLive = 60_000

/**
 * A folding, and the last loss of events when it was made (see `UserHistory.lastLoss`).
 *
 * After another loss it is worth nothing.
 */
export interface Kept {
  readonly progress: Progress<Folding>
  readonly loss: string
}

/**
 * Unfinished foldings of histories, for the reader who goes on.
 *
 * Each is given out once, and kept for {@link timeToLive}. If there are too many, the newest are
 * kept.
 */
export class KeptFoldings {
  private readonly entries = new Map<string, { readonly kept: Kept; readonly bytes: number; readonly until: number }>()
  private bytes = 0

  /** Keeps a folding. `now` is in milliseconds of a clock that never goes back. */
  keep(key: string, kept: Kept, now: number): void {
    this.remove(key)
    const { bytes } = kept.progress.folding
    this.entries.set(key, { kept, bytes, until: now + timeToLive })
    this.bytes += bytes
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= maxKept && this.bytes <= maxBytes) break
      this.remove(oldest)
    }
    this.expire(now)
  }

  take(key: string, now: number): Kept | undefined {
    const entry = this.entries.get(key)
    this.remove(key)
    return entry !== undefined && entry.until > now ? entry.kept : undefined
  }

  /** Removes the foldings whose time is over. */
  expire(now: number): void {
    for (const [key, { until }] of this.entries) {
      if (until > now) break
      this.remove(key)
    }
  }

  private remove(key: string): void {
    this.bytes -= this.entries.get(key)?.bytes ?? 0
    this.entries.delete(key)
  }
}
