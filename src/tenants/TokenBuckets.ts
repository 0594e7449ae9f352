/** Beyond so many the bucket that was not used for longest is forgotten. */
const manyBuckets = 10_000

/**
 * Token buckets, one for each key: a bucket holds up to `burst` tokens, is full at first and gets
 * `perSecond` of them a second. What costs more than a full bucket holds is let on by a full one
 * and paid for afterwards, so that nothing is refused for ever. (Effect's own RateLimiter refuses
 * that, and asks a store in several effects, where this takes some nanoseconds.)
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

  /**
   * Takes `cost` tokens, or none: 0 if they are taken, else the milliseconds after which they could
   * be.
   */
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
   * Takes `cost` tokens also where there are none, to be paid for by whoever comes next; less than
   * none are given back.
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
