/**
 * The keys that are thought to be valid, by the first 52 bits of their hashes. It decides who needs
 * no permission to be looked up, never who is let in: 50 bytes a key are enough. Beyond `capacity`
 * the one that was added or used longest ago is forgotten.
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

  /** Whether it was known. */
  delete(hash: string): boolean {
    return this.marks.delete(markOf(hash))
  }

  get size(): number {
    return this.marks.size
  }
}

/** As many hexadecimal digits as a number holds exactly. */
const markOf = (hash: string): number => Number.parseInt(hash.slice(0, 13), 16)
