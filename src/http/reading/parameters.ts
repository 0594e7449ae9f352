import * as Effect from "effect/Effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Schema from "effect/Schema"
import type { Consistency } from "../../counters/ConsistentReads.ts"
import { badQuery } from "../problems/requests.ts"
import { parsePrefer } from "../requests/parsePrefer.ts"

/*
 * The parameters that endpoints for reading share: how they are declared, described and read.
 */

/** `consistency`, read by {@link consistencyOf}. */
export const consistency = Schema.optionalKey(Schema.Literals(["eventual", "strong"])).annotate({
  description: "strong: everything in the log when the request came is in the answer, else 503"
})

/** Of the header `Prefer`, read by {@link consistencyOf}. */
export const prefer = "`wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240)."

const defaultWait = 5
const maxWait = 60

/**
 * How consistent a reading must be, and how many seconds a strong one waits.
 *
 * `Prefer: wait=N` is a wish (RFC 7240): beyond the maximum it counts as the maximum, and a wait
 * that is no number is ignored. The answer says which wait was followed.
 */
export const consistencyOf = Effect.fnUntraced(
  function*(request: HttpServerRequest.HttpServerRequest, asked: "strong" | "eventual" | undefined) {
    if (asked !== "strong") return { _tag: "Eventual" } satisfies Consistency
    const wait = parsePrefer(request.headers["prefer"]).get("wait")
    if (wait === undefined || !/^\d+$/.test(wait)) return { _tag: "Strong", waitSeconds: defaultWait } satisfies Consistency
    const waitSeconds = Math.min(Number(wait), maxWait)
    yield* HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "preference-applied", `wait=${waitSeconds}`))
    )
    return { _tag: "Strong", waitSeconds } satisfies Consistency
  }
)

/** `include`: names of sections, read by {@link sectionsOf}. */
export const include = Schema.optionalKey(Schema.String)

/** The description of an {@link include} of these sections. */
export const includeDetails = (sections: ReadonlyArray<string>) => ({
  description: "Only these sections",
  schema: { type: "array", items: { type: "string", enum: sections }, minItems: 1 },
  style: "form",
  explode: false,
  example: sections.slice(0, 2)
})

/**
 * The sections that an `include` names, separated by commas, in the order of the document; all if
 * it is absent.
 */
export const sectionsOf = (included: string | undefined, sections: ReadonlyArray<string>) => {
  if (included === undefined) return Effect.succeed(sections)
  const asked = new Set(included.split(","))
  return [...asked].every((name) => sections.includes(name))
    ? Effect.succeed(sections.filter((name) => asked.has(name)))
    : Effect.fail(badQuery("include", `There is only ${sections.join(", ")}.`))
}

/** Sections of a document, and whether the reader named them and needs every one. */
export interface Sections {
  readonly sections: ReadonlyArray<string>
  readonly areNamed: boolean
}

/** The {@link sectionsOf} an `include`, and whether there was one. */
export const askedSections = (included: string | undefined, sections: ReadonlyArray<string>) =>
  Effect.map(sectionsOf(included, sections), (asked): Sections => ({ sections: asked, areNamed: included !== undefined }))

/** The bounds of a number in the query, both included. */
export interface Bounds {
  readonly minimum: number
  readonly maximum: number
}

/** A whole number written in digits. The handler gets its text. */
export const numeral = ({ maximum, minimum }: Bounds) =>
  Schema.optionalKey(
    Schema.String.check(
      Schema.makeFilter((text: string) =>
        /^(?:0|[1-9]\d{0,8})$/.test(text) && Number(text) >= minimum && Number(text) <= maximum
          ? undefined
          : `must be a number from ${minimum} to ${maximum}`
      )
    )
  )

/** The description of a {@link numeral}. */
export const numeralDetails = (description: string, { maximum, minimum, ...rest }: Bounds & { readonly default: number }) => ({
  description,
  schema: { type: "integer", minimum, maximum, default: rest.default }
})

/** `cursor` of an endpoint that answers page by page. */
export const cursor = Schema.optionalKey(Schema.String).annotate({ description: "`next_cursor` of the page before" })
