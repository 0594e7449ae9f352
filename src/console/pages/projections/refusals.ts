import * as Effect from "effect/Effect"
import type { JobRefused } from "../../../jobs/Jobs.ts"
import type { ActivationRefused } from "../../../projections/versions/activateVersion.ts"
import { adviceOn } from "../../../projections/versions/adviceOn.ts"
import type { UnknownVersion } from "../../../projections/versions/findVersion.ts"
import type { RemovalRefused } from "../../../projections/versions/removeVersion.ts"
import { ConsoleProblem } from "../../requests/ConsoleProblem.ts"

type Refusal = ActivationRefused | RemovalRefused | UnknownVersion | JobRefused

const titles = {
  ActivationRefused: "Not activated",
  RemovalRefused: "Not removed",
  UnknownVersion: "Not in this code",
  JobRefused: "Not started"
}

const steps = {
  Rebuild: "Rebuild the version on the page of the projection. A sample can be compared before that.",
  SeeParked: "The list of parked users says why."
}

const options = {
  withParked: "\"Although users are parked\" takes it nonetheless.",
  replaceViews: "\"Remake views\" remakes the view with its grants, once nothing depends on it.",
  acceptChanges: "Compare the versions, and activate it if the changes are meant."
}

const adviceFor = (refusal: Refusal): string | undefined => {
  switch (refusal._tag) {
    case "ActivationRefused": {
      const { accept, before } = adviceOn(refusal)
      const advice = [...before === undefined ? [] : [steps[before]], ...accept === undefined ? [] : [options[accept]]].join(" ")
      return advice === "" ? undefined : advice
    }
    case "JobRefused":
      return refusal.reason === "Running" ? "Wait for it, or stop it on its page." : "Wait until one of them has ended."
    case "RemovalRefused":
    case "UnknownVersion":
      return undefined
  }
}

/** Makes a page of a refusal: nothing has changed, and what helps. */
export const explainRefusal = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, Refusal> | ConsoleProblem, R> =>
  Effect.mapError(effect, (error) => isRefusal(error) ? problemOf(error) : error as Exclude<E, Refusal>)

const isRefusal = (error: { readonly _tag: string }): error is Refusal => error._tag in titles

const problemOf = (refusal: Refusal): ConsoleProblem => {
  const advice = adviceFor(refusal)
  return new ConsoleProblem({
    status: 409,
    title: titles[refusal._tag],
    detail: `Nothing was changed: ${refusal.message}`,
    ...advice === undefined ? {} : { advice }
  })
}
