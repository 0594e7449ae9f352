/**
 * The keys that are thought to be valid, by the first 52 bits of their hashes.
 *
 * They decide which keys are looked up without a rate, and never which are accepted. So 52 bits do,
 * and a key takes 50 bytes of memory. Beyond `capacity`, the key that was added or used longest ago
 * is forgotten.
 */
export class KnownKeys {
  private readonly marks = new Set<number>()
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  has(hash: string): boolean {
    return this.marks.has(markOf(hash))
  }

  add(hash: string): void {
    const mark = markOf(hash)
    this.marks.delete(mark)
    this.marks.add(mark)
    if (this.marks.size <= this.capacity) return
    const [oldest] = this.marks
    if (oldest !== undefined) this.marks.delete(oldest)
  }

  /** Forgets a key. True if it was known. */
  delete(hash: string): boolean {
    return this.marks.delete(markOf(hash))
  }

  get size(): number {
    return this.marks.size
  }
}

/** As many hexadecimal digits as a number holds exactly. */
const markOf = (hash: string): number => Number.parseInt(hash.slice(0, 13), 16)
