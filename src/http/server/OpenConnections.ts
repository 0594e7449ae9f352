import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/**
 * How many connections the server has open.
 *
 * The server is made later, and says how to count.
 */
export class OpenConnections extends Context.Service<OpenConnections, {
  /** The number of open connections; 0 before there is a server. */
  readonly count: () => number
  /** Sets how to count. */
  readonly countBy: (count: () => number) => void
}>()("playtally/http/OpenConnections") {
  static readonly layer = Layer.sync(OpenConnections, () => {
    let countNow = () => 0
    return OpenConnections.of({
      count: () => countNow(),
      countBy: (count) => {
        countNow = count
      }
    })
  })
}
