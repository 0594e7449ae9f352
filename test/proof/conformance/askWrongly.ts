import type { Operation } from "./ApiDescription.ts"
import { brokenTexts, brokenValues } from "./brokenValues.ts"
import type { Answer } from "./Judge.ts"
import { operationOf, plainRequest, type Subject } from "./Subject.ts"
import { wholeValue } from "./wholeValue.ts"

interface Issue {
  readonly path: ReadonlyArray<string | number>
}

const pathsOf = (issues: unknown): ReadonlyArray<string> =>
  (issues as ReadonlyArray<Issue> | undefined ?? []).map(({ path }) => JSON.stringify(path))

/**
 * Asks with one thing wrong at a time, in parameters and bodies: every answer must be that the
 * request is invalid, and where.
 */
export const askWrongly = async (subject: Subject): Promise<void> => {
  const { description, judge } = subject
  const breaks = brokenValues(description)
  const expectInvalid = (operation: Operation, shown: string, path: ReadonlyArray<string | number>, { body, json, problem }: Answer) => {
    const told = pathsOf(json["issues"])
    // A whole that is wrong may be told of with what is wrong in it.
    const isTold = told.some((one) => one.startsWith(JSON.stringify(path).slice(0, -1)))
    if (problem !== "invalid-request" || !isTold) {
      judge.report(operation, shown, `${JSON.stringify(path)} is wrong, but the answer is ${body}`)
    }
  }

  const takesParameters = (path: string) => path === "/readyz" || (path.startsWith("/api/v1/") && !path.includes("fasttrack"))
  for (const operation of description.operations.filter(({ path }) => takesParameters(path))) {
    for (const parameter of operation.parameters.filter((one) => one.in !== "header")) {
      for (const [what, value] of brokenTexts(description, parameter)) {
        const asked = plainRequest(subject, operation, { [parameter.name]: value })
        expectInvalid(operation, `${what} ${asked.target}`, [parameter.in, parameter.name], await judge.ask(operation, asked))
      }
    }
    const asked = plainRequest(subject, operation)
    const withUnknown = { ...asked, target: `${asked.target}${asked.target.includes("?") ? "&" : "?"}unknown=1` }
    // Balancers put what they like behind the path of a health check.
    if (operation.path !== "/readyz") {
      expectInvalid(operation, withUnknown.target, ["query", "unknown"], await judge.ask(operation, withUnknown))
    }
    if (operation.body !== undefined) {
      const whole = wholeValue(description.resolve, operation.body.schema)
      for (const { path, value, what } of breaks(operation.body.schema, whole)) {
        const body = JSON.stringify(value)
        expectInvalid(operation, `${what} ${body}`, ["body", ...path], await judge.ask(operation, { ...asked, body }))
      }
    }
  }
}

/**
 * Sends items of every kind with one thing wrong in each: all of them must be rejected, and where
 * it is wrong told.
 */
export const sendWrongItems = async (subject: Subject): Promise<void> => {
  const { description, judge } = subject
  const bulk = operationOf(subject, "sendEvents")
  const breaks = brokenValues(description)
  for (const schema of Object.values(description.schemas)) {
    if (schema.properties?.["data"] === undefined || schema.properties["slice"] !== undefined) continue
    const broken = breaks(schema, wholeValue(description.resolve, schema))
    if (broken.length < 30) judge.report(bulk, "", `there is little to be wrong with ${JSON.stringify(schema.properties["event"])}`)
    const answer = await judge.ask(bulk, { target: bulk.path, body: JSON.stringify(broken.map(({ value }) => value)) })
    const rejected = new Map(
      (answer.json["rejected"] as ReadonlyArray<{ readonly index: number; readonly issues: ReadonlyArray<Issue> }> | undefined)
        ?.map(({ index, issues }) => [index, pathsOf(issues)]) ?? []
    )
    for (const [index, { path, value, what }] of broken.entries()) {
      const told = rejected.get(index)
      const isTold = told?.some((one) => one.startsWith(JSON.stringify(path).slice(0, -1))) === true
      if (!isTold) {
        judge.report(
          bulk,
          JSON.stringify(value),
          `${JSON.stringify(path)} ${what}, but ${told === undefined ? "it is taken" : `told is ${told.join()}`}`
        )
      }
    }
  }
}
