/** Milliseconds of a turn of the event loop that did little more than look at the sockets. */
const quietTurn = 0.2
/** Milliseconds to wait for a moment at which no connection waits to be taken over. */
const quietPatience = 2000

/**
 * Acts when no connection waits to be taken over by the process, or after {@link quietPatience}.
 *
 * A listener that closes resets the connections that the kernel has accepted and the process has
 * not taken over. The process takes over one in each turn of the event loop. Linux tells how many
 * wait. Elsewhere the moment is a short turn that brought no connection. A connection that comes in
 * the microseconds before the listener closes is lost.
 */
export const whenNoneWaits = (countWaiting: () => number | undefined, countAccepted: () => number, act: () => void): void => {
  const until = performance.now() + quietPatience
  const turn = (began: number, accepted: number) =>
    setImmediate(() => {
      const now = performance.now()
      const acceptedNow = countAccepted()
      const waiting = countWaiting()
      const noneWaits = waiting === undefined ? now - began < quietTurn && acceptedNow === accepted : waiting === 0
      if (noneWaits || now > until) act()
      else turn(now, acceptedNow)
    })
  turn(Number.NEGATIVE_INFINITY, countAccepted())
}
