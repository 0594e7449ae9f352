/** Most pages kept, and for how long (milliseconds). */
const maxPages = 64
const timeToLive = 60_000

/** What a reading has worked out by the end of a page, kept for whoever turns it: once, for a while, and the newest of them only. */
export class OpenPages<A> {
  private readonly pages = new Map<string, { readonly page: A; readonly until: number }>()

  /** `now` in epoch milliseconds. */
  keep(key: string, page: A, now: number): void {
    this.pages.delete(key)
    this.pages.set(key, { page, until: now + timeToLive })
    for (const [oldest, { until }] of this.pages) {
      if (this.pages.size <= maxPages && until > now) break
      this.pages.delete(oldest)
    }
  }

  take(key: string, now: number): A | undefined {
    const kept = this.pages.get(key)
    this.pages.delete(key)
    return kept !== undefined && kept.until > now ? kept.page : undefined
  }
}
