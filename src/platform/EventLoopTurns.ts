/**
 * Pieces of work, one in each turn of the event loop, in the order given.
 *
 * Between two turns the process accepts one connection and reads what has come. So a turn must be
 * short, however many pieces wait.
 */
export class EventLoopTurns {
  private readonly pieces: Array<() => void> = []
  private isTaking = false

  add(piece: () => void): void {
    this.pieces.push(piece)
    if (this.isTaking) return
    this.isTaking = true
    setImmediate(() => this.takeOne())
  }

  private takeOne(): void {
    try {
      this.pieces.shift()?.()
    } finally {
      this.isTaking = this.pieces.length > 0
      if (this.isTaking) setImmediate(() => this.takeOne())
    }
  }
}

/** The turns of this thread: of requests sent together, of large answers and of long readings. */
export const sharedTurns = new EventLoopTurns()
