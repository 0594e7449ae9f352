import type { ActivationRefused } from "../../projections/versions/activateVersion.ts"
import { adviceOn as advice } from "../../projections/versions/adviceOn.ts"
import type { DiffRefused } from "../../projections/versions/compareWithActive.ts"

/** What a command says after a refusal: the command that helps, and the flag that accepts it. */
export const adviceOn = (refusal: ActivationRefused | DiffRefused): string => {
  const { accept, before } = advice(refusal)
  return [before === undefined ? "" : commands[before](refusal.projection), accept === undefined ? "" : flags[accept]].join("")
}

const commands = {
  Rebuild: (name: string) =>
    ` \`projections rebuild ${name}\` does it, and \`projections diff ${name} --sample 1%\` compares a part before.`,
  SeeParked: (name: string) => ` \`projections parked ${name}\` says why.`
}

const flags = {
  withParked: " --with-parked takes it nonetheless.",
  replaceViews: " --replace-views remakes the view with its grants, once nothing depends on it.",
  acceptChanges: " --accept takes it nonetheless."
}
