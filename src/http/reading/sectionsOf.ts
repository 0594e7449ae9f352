import * as Effect from "effect/Effect"
import { badQuery } from "../problems/badQuery.ts"

/**
 * The sections that `include` names, separated by commas, in the order of the document; all of them
 * if it is absent.
 */
export const sectionsOf = (include: string | undefined, sections: ReadonlyArray<string>) => {
  if (include === undefined) return Effect.succeed(sections)
  const asked = new Set(include.split(","))
  return [...asked].every((name) => sections.includes(name))
    ? Effect.succeed(sections.filter((name) => asked.has(name)))
    : Effect.fail(badQuery("include", `There is only ${sections.join(", ")}.`))
}
