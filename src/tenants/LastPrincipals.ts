import * as Context from "effect/Context"

/**
 * For how many milliseconds a key that was valid is accepted while the database of the keys does
 * not answer.
 *
 * 0 by default: where that database has the whole log, a request fails anyway. With several
 * partitions the others go on (docs/partitions.md#one-partition-away).
 */
export const KeyGrace = Context.Reference<() => number>("playtally/tenants/KeyGrace", { defaultValue: () => () => 0 })

/**
 * What the newest or last used keys stood for when the database last said so.
 *
 * Beyond `capacity`, the key that was looked up longest ago is forgotten.
 */
export class LastPrincipals<P> {
  private readonly last = new Map<string, { readonly principal: P; readonly at: number }>()
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Notes an answer of the database: undefined for a key that is not valid. */
  note(hash: string, principal: P | undefined, at: number): void {
    this.last.delete(hash)
    if (principal === undefined) return
    this.last.set(hash, { principal, at })
    if (this.last.size <= this.capacity) return
    const [oldest] = this.last.keys()
    if (oldest !== undefined) this.last.delete(oldest)
  }

  /** What a key stood for at most `grace` milliseconds before `now`. */
  within(hash: string, grace: number, now: number): P | undefined {
    const last = this.last.get(hash)
    return last !== undefined && now - last.at < grace ? last.principal : undefined
  }
}
