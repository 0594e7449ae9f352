import type { JsonSchema } from "../fuzz/JsonSchema.ts"
import type { Parameter } from "./ApiDescription.ts"
import { operationOf, plainRequest, type Subject } from "./Subject.ts"
import { wholeValue } from "./wholeValue.ts"

/** The values at the very bounds of what a parameter may be. */
const extremeTexts = ({ description: { resolve } }: Subject, { schema }: Parameter): ReadonlyArray<string | ReadonlyArray<string>> => {
  const { enum: values = [], items, maxItems, maxLength, maximum, minLength, minimum } = resolve(schema)
  const { enum: members, maxLength: longest } = items === undefined ? {} as JsonSchema : resolve(items)
  return [
    ...values.map(String),
    ...[minimum, maximum].flatMap((bound) => bound === undefined ? [] : [String(bound)]),
    // As many code points, but twice as many UTF-16 units; times and dates are never so long.
    ...resolve(schema).format === undefined && maxLength !== undefined ? ["\u{1f3b0}".repeat(maxLength)] : [],
    ...minLength !== undefined && minLength > 0 ? ["x".repeat(minLength)] : [],
    ...members === undefined ? [] : [members.map(String)],
    ...maxItems === undefined ? [] : [Array.from({ length: maxItems }, (_, nth) => `game-${nth}`)],
    ...longest === undefined ? [] : [["x".repeat(longest)]]
  ]
}

/**
 * Asks each operation with each parameter at its bounds: nothing may be refused, though a user or
 * board may not be there.
 */
const askParameters = async (subject: Subject): Promise<void> => {
  const { description: { operations }, judge } = subject
  for (const operation of operations.filter(({ method }) => method !== "DELETE")) {
    // Nobody wants to wait for a change.
    for (const parameter of operation.parameters.filter((one) => one.in !== "header" && one.name !== "wait")) {
      for (const value of extremeTexts(subject, parameter)) {
        const isStreak = value === "login_streak"
        const asked = plainRequest(subject, operation, { [parameter.name]: value, ...isStreak ? { currency: undefined } : {} })
        const { body, status } = await judge.ask(operation, asked)
        if (status >= 300 && status !== 404) judge.report(operation, asked.target, `a value at the bounds is answered ${body}`)
      }
    }
  }
}

/**
 * Sends items of every kind with one member at its bounds, null where that is allowed, or left out
 * where it may be: all must be stored.
 */
const sendItems = async (subject: Subject): Promise<void> => {
  const { description: { allows, resolve, schemas }, judge } = subject
  const bulk = operationOf(subject, "sendEvents")
  let serial = 0
  for (const schema of Object.values(schemas)) {
    const data = schema.properties?.["data"]
    if (data === undefined || schema.properties?.["slice"] !== undefined) continue
    const { data: whole, event } = wholeValue(resolve, schema) as {
      readonly event: string
      readonly data: Readonly<Record<string, unknown>>
    }
    const items = Object.entries(data.properties ?? {}).flatMap(([name, member]) => {
      const { [name]: _, ...rest } = whole
      const alternatives = [member, ...member.anyOf ?? []].map(resolve)
      const values = [
        ...alternatives.flatMap(({ enum: values = [] }) => values),
        ...alternatives.flatMap(({ format, maxLength }) =>
          maxLength === undefined || format !== undefined ? [] : ["\u{1f3b0}".repeat(maxLength)]
        ),
        ...alternatives.flatMap(({ maxLength, minLength = 0 }) => maxLength === undefined ? [] : ["y".repeat(minLength)]),
        ...allows(member, null) ? [null] : []
      ].filter((value) => allows(member, value))
      // The id makes an item another than those before it.
      const id = Object.keys(whole).find((one) => /^(unique|payment|activity)_id$/.test(one)) ?? ""
      const fresh = () => ({ ...rest, ...name === id ? {} : { [id]: `extreme-${++serial}` } })
      return [
        ...values.map((value) => ({ ...fresh(), [name]: value })),
        ...data.required?.includes(name) === true ? [] : [fresh()]
      ].map((data) => ({ event, data }))
    })
    const { body, status } = await judge.ask(bulk, { target: bulk.path, body: JSON.stringify({ items }) })
    if (status !== 204) judge.report(bulk, event, `items at the bounds are answered ${body.slice(0, 1000)}`)
  }
}

/** Goes to the bounds of what is described, and not beyond. */
export const askExtremes = async (subject: Subject): Promise<void> => {
  await sendItems(subject)
  await askParameters(subject)
}
