import type { ActivationRefused } from "./activateVersion.ts"
import type { DiffRefused } from "./compareWithActive.ts"

/** What helps after a refusal: what to do before, and what accepts it nonetheless. */
export interface Advice {
  /** To rebuild the version, or to see why users are parked. */
  readonly before?: "Rebuild" | "SeeParked"
  /** The option of `activate` that accepts what is in the way. */
  readonly accept?: "withParked" | "replaceViews" | "acceptChanges"
}

/** What helps after a refusal. Where nothing does, its message says what to wait for. */
export const adviceOn = ({ reason }: Pick<ActivationRefused | DiffRefused, "reason">): Advice => {
  switch (reason) {
    case "NotRebuilt":
      return { before: "Rebuild" }
    case "Parked":
      return { before: "SeeParked", accept: "withParked" }
    case "ViewsInTheWay":
      return { accept: "replaceViews" }
    case "ChangesNumbers":
    case "NotComparable":
      return { accept: "acceptChanges" }
    case "AlreadyActive":
    case "Behind":
    case "Moving":
    case "NoOtherVersion":
    case "NoPreviousVersion":
      return {}
  }
}
