import type { Collected } from "./TotalKind.ts"

/**
 * The contributions to an extreme. The next one is found in the time of a look-up when the extreme
 * itself is withdrawn.
 */
export class ExtremeHeap<C extends string | number> implements Collected<C, C> {
  private readonly counts = new Map<C, number>()
  /** A binary heap. Values may be in it that were withdrawn since: they go when they are on top. */
  private readonly heap: Array<C> = []
  private readonly isBeyond: (a: C, b: C) => boolean

  constructor(isBeyond: (a: C, b: C) => boolean) {
    this.isBeyond = isBeyond
  }

  add(contributed: C): void {
    const count = this.counts.get(contributed) ?? 0
    this.counts.set(contributed, count + 1)
    if (count === 0) this.push(contributed)
  }

  remove(contributed: C): void {
    const count = this.counts.get(contributed) ?? 0
    if (count > 1) this.counts.set(contributed, count - 1)
    else this.counts.delete(contributed)
  }

  value(): C | undefined {
    for (let top = this.heap[0]; top !== undefined; top = this.heap[0]) {
      if (this.counts.has(top)) return top
      this.pop()
    }
    return undefined
  }

  private push(value: C): void {
    let at = this.heap.push(value) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.isBeyond(value, this.heap[parent] as C)) break
      this.heap[at] = this.heap[parent] as C
      at = parent
    }
    this.heap[at] = value
  }

  private pop(): void {
    const last = this.heap.pop()
    if (last === undefined || this.heap.length === 0) return
    const { length } = this.heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && this.isBeyond(this.heap[child + 1] as C, this.heap[child] as C)) child++
      if (!this.isBeyond(this.heap[child] as C, last)) break
      this.heap[at] = this.heap[child] as C
      at = child
    }
    this.heap[at] = last
  }
}
