/** Beyond this number, the bucket that was used longest ago is forgotten. */
const manyBuckets = 10_000

/**
 * Token buckets, one for each key.
 *
 * A bucket holds up to `burst` tokens, is full at first and gains `perSecond` tokens a second. A
 * cost above `burst` passes when the bucket is full and is paid for afterwards, so nothing is
 * refused for ever. Effect's own RateLimiter refuses such a cost, and asks a store in several
 * effects, where this takes some nanoseconds.
 */
export class TokenBuckets {
  private readonly buckets = new Map<string, { tokens: number; at: number }>()
  private readonly perSecond: number
  private readonly burst: number
  /** Milliseconds of a clock that never goes back. */
  private readonly now: () => number

  constructor(perSecond: number, burst: number, now: () => number) {
    this.perSecond = perSecond
    this.burst = Math.max(1, burst)
    this.now = now
  }

  /** Takes `cost` tokens and answers 0, or takes none and answers the milliseconds to wait. */
  take(key: string, cost: number): number {
    const wait = this.waitFor(key, cost)
    if (wait === 0) this.charge(key, cost)
    return wait
  }

  /** The milliseconds after which `cost` tokens could be taken. */
  private waitFor(key: string, cost: number): number {
    if (cost === 0) return 0
    const bucket = this.buckets.get(key)
    const tokens = bucket === undefined ? this.burst : this.tokensOf(bucket, this.now())
    const missing = Math.min(cost, this.burst) - tokens
    return missing > 0 ? Math.max(1, missing / this.perSecond * 1000) : 0
  }

  /**
   * Takes `cost` tokens even if the bucket has fewer, at the expense of the next requests.
   *
   * A negative cost gives tokens back.
   */
  charge(key: string, cost: number): void {
    const now = this.now()
    const bucket = this.buckets.get(key)
    const tokens = bucket === undefined ? this.burst : this.tokensOf(bucket, now)
    // The last in the map is the one used last.
    this.buckets.delete(key)
    this.buckets.set(key, { tokens: tokens - cost, at: now })
    const [oldest] = this.buckets.size > manyBuckets ? this.buckets.keys() : []
    if (oldest !== undefined) this.buckets.delete(oldest)
  }

  get size(): number {
    return this.buckets.size
  }

  private tokensOf({ at, tokens }: { readonly tokens: number; readonly at: number }, now: number): number {
    return Math.min(this.burst, tokens + (now - at) / 1000 * this.perSecond)
  }
}
