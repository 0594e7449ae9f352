import type { Folding, Progress } from "./Folding.ts"

/** Most foldings kept, most bytes that they take together, and for how long (milliseconds). */
const maxKept = 64
const maxBytes = 96 * 1024 * 1024
const timeToLive = 60_000

/**
 * A folding with what last took events away when it was made, see `UserHistory.lastLoss`: after
 * another loss it is worth nothing.
 */
export interface Kept {
  readonly progress: Progress<Folding>
  readonly loss: string
}

/**
 * Foldings of histories that were left before their end, for the reader who goes on. Each is given
 * out once, is kept for {@link timeToLive}, and the newest are kept where there are too many.
 */
export class KeptFoldings {
  private readonly entries = new Map<string, { readonly kept: Kept; readonly bytes: number; readonly until: number }>()
  private bytes = 0

  /** `now` in milliseconds of a clock that never goes back. */
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

  /** Lets go of those whose time is over. */
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
