import type { ActivationRefused } from "../../projections/versions/activateVersion.ts"
import type { DiffRefused } from "../../projections/versions/compareWithActive.ts"

/** What a command says after a refusal: the flag that accepts it, or the command that helps. */
export const adviceOn = ({ projection, reason }: ActivationRefused | DiffRefused): string => {
  switch (reason) {
    case "NotRebuilt":
      return ` \`projections rebuild ${projection}\` does it, and \`projections diff ${projection} --sample 1%\` compares a part before.`
    case "Parked":
      return ` \`projections parked ${projection}\` says why. --with-parked takes it nonetheless.`
    case "ViewsInTheWay":
      return " --replace-views remakes the view with its grants, once nothing depends on it."
    case "ChangesNumbers":
    case "NotComparable":
      return " --accept takes it nonetheless."
    case "AlreadyActive":
    case "Behind":
    case "Moving":
    case "NoOtherVersion":
    case "NoPreviousVersion":
      return ""
  }
}
