import type * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"

/** Something that happens again and again, for those who wait for the next time. */
export class Pulse {
  private coming = Latch.makeUnsafe(false)

  /** What ends the next time after this call. */
  next(): Effect.Effect<void> {
    return this.coming.await
  }

  beat(): void {
    const passed = this.coming
    this.coming = Latch.makeUnsafe(false)
    passed.openUnsafe()
  }
}
