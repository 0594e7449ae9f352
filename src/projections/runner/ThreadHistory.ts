import { Position } from "../../values/Position.ts"
import { Slice } from "../../values/Slice.ts"
import { leastPortion, placeId } from "../feed/Caution.ts"

/** How much smaller chunks are after a thread has died of its memory. */
const smaller = 64

/**
 * What a process remembers of the threads that died of their memory: what failed once is tried in
 * smaller pieces, and in the end alone.
 */
export class ThreadHistory {
  portion = 1
  readonly condemned = new Set<string>()
  /** The slice and the position of the event that is tried alone; the position is 0 if none is. */
  readonly shared = new SharedArrayBuffer(16)
  private readonly suspect = new BigInt64Array(this.shared)

  /** Makes the next thread more careful, and says how. */
  diedOfMemory(): { readonly portion: number; readonly condemned?: string } {
    const [slice = 0n, position = 0n] = this.suspect
    const wasAlone = this.portion <= leastPortion
    this.portion = Math.max(leastPortion, this.portion / smaller)
    this.suspect[1] = 0n
    if (!wasAlone || position === 0n) return { portion: this.portion }
    const condemned = placeId({ slice: Slice(Number(slice)), position: Position(Number(position)) })
    this.condemned.add(condemned)
    return { portion: this.portion, condemned }
  }

  /** A thread has lived for a while: chunks are as much larger again. False if they were whole. */
  livedLong(): boolean {
    if (this.portion === 1) return false
    this.portion = Math.min(1, this.portion * smaller)
    return true
  }
}
