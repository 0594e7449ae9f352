/** A user's counters as the service answers them. */
interface Counters {
  readonly user_id: string
  readonly ref: string
  readonly position: number
  readonly generations: Readonly<Record<string, number>>
  readonly [section: string]: unknown
}

/** What an answer of the changes has. */
export interface Page {
  readonly kept: null | {
    readonly generation: number
    readonly slices: ReadonlyArray<{ readonly slice: number; readonly position: number }>
  }
  readonly erased: ReadonlyArray<{ readonly ref: string }>
  readonly changes: ReadonlyArray<{ readonly user_id: string; readonly slice: number; readonly document?: Counters | null }>
  readonly next_cursor: string
}

/**
 * Mirrors the counters of all users of a tenant. It is to keep its documents and its cursor in one
 * place, and to write them together.
 */
export class MirrorEngine {
  readonly documents = new Map<string, Counters>()
  cursor: string | undefined
  private readonly slices = new Map<string, number>()
  private readonly key: string
  /** The service may come back at another one. */
  url: string

  constructor(url: string, key: string) {
    this.url = url
    this.key = key
  }

  /** Asks what has changed and applies it. Says whether nothing is left. */
  async step(query = "wait=30"): Promise<boolean> {
    const after = this.cursor === undefined ? "from=start" : `cursor=${this.cursor}`
    const page = await this.ask<Page>(`/api/v1/changes?${after}&include=all&${query}`)
    if (page === undefined) throw new Error("there are no changes at this address")
    // Documents that may count what the log has lost are read again, here and now.
    const kept = new Map(page.kept?.slices.map(({ position, slice }) => [slice, position]))
    for (const { generations, position, user_id } of page.kept === null ? [] : this.documents.values()) {
      const upTo = kept.get(this.slices.get(user_id) ?? -1)
      // Slices that are not there have lost nothing.
      if (upTo === undefined) continue
      const isLost = Object.values(generations).some((generation) => generation > (page.kept?.generation ?? 0))
      if (!isLost && position <= upTo) continue
      const document = await this.ask<Counters>(`/api/v1/users/${encodeURIComponent(user_id)}/counters`)
      if (document === undefined) this.documents.delete(user_id)
      else this.documents.set(user_id, document)
    }
    const erased = new Set(page.erased.map(({ ref }) => ref))
    for (const { ref, user_id } of erased.size === 0 ? [] : this.documents.values()) if (erased.has(ref)) this.documents.delete(user_id)
    for (const { document, slice, user_id } of page.changes) {
      this.slices.set(user_id, slice)
      // Without one the user is being erased, which is told by itself.
      if (document !== null && document !== undefined) this.documents.set(user_id, document)
    }
    const isDone = page.next_cursor === this.cursor
    this.cursor = page.next_cursor
    return isDone
  }

  /** Goes on until all that is in the log by now is mirrored. */
  async catchUp(): Promise<void> {
    while (!(await this.step("wait=0&consistency=strong"))) { /* there is more */ }
  }

  /**
   * Asks again as long as the service says "later" or does not answer; undefined for what is not
   * there.
   */
  private async ask<A>(path: string): Promise<A | undefined> {
    for (;;) {
      const answer = await fetch(this.url + path, { headers: { "x-api-key": this.key } }).catch(() => undefined)
      if (answer?.status === 200) return await answer.json() as A
      if (answer?.status === 404) return undefined
      if (answer !== undefined && answer.status !== 429 && answer.status !== 503) throw new Error(await answer.text())
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
