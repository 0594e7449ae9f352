import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/** How many connections the server has open; the server, which is made later, says how to count. */
export class OpenConnections extends Context.Service<OpenConnections, {
  /** 0 before there is a server. */
  readonly count: () => number
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
