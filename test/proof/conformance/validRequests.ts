import type { Random } from "../../oracle/random.ts"
import { schemaValue } from "../fuzz/JsonSchema.ts"
import type { ApiDescription, Operation, Parameter } from "./ApiDescription.ts"
import type { Asked } from "./Judge.ts"

/** What stands for a parameter: a text, several, or nothing. */
export type Values = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** What the service has, which a description cannot know. */
export interface Known {
  readonly userIds: ReadonlyArray<string>
  readonly currencies: ReadonlyArray<string>
  /** Of each user, paths that lead to a value in the counters. */
  readonly paths: ReadonlyMap<string, ReadonlyArray<string>>
}

const encode = (text: string): string => encodeURIComponent(text)

/** The target with these values, written as the description says. */
export const targetOf = ({ parameters, path }: Operation, values: Values): string => {
  let target = path
  const query: Array<string> = []
  for (const { explode, in: place, name } of parameters) {
    const value = values[name]
    if (value === undefined) continue
    const texts = [value].flat()
    if (place === "path") target = target.replace(`{${name}}`, () => encode(texts.join(",")))
    else if (place === "query") {
      if (explode === false) query.push(`${name}=${texts.map(encode).join(",")}`)
      else query.push(...texts.map((text) => `${name}=${encode(text)}`))
    }
  }
  return query.length === 0 ? target : `${target}?${query.join("&")}`
}

/** Parameters and bodies as the schemas say, and as the description says in words. */
export const validRequests = ({ resolve }: ApiDescription, known: Known) => {
  const textsOf = (random: Random, { schema }: Parameter): string | ReadonlyArray<string> => {
    const value = schemaValue(random, resolve, schema)
    // Without any element an array cannot be written.
    return Array.isArray(value)
      ? (value.length === 0 ? [String(schemaValue(random, resolve, schema.items ?? {}))] : value.map(String))
      : String(value)
  }

  /** Each after the parameter's description. */
  const knowing = (random: Random, values: Record<string, string | ReadonlyArray<string> | undefined>) => {
    if ("user_id" in values) values["user_id"] = random.pick(known.userIds)
    if ("cursor" in values) values["cursor"] = undefined
    if ("path" in values) values["path"] = random.pick(known.paths.get(String(values["user_id"])) ?? [])
    if (values["as_of"] !== undefined) values["as_of"] = new Date().toISOString()
    if ("to" in values && values["from"] !== undefined) {
      values["to"] = new Date(Date.parse(String(values["from"])) + random.below(400) * 86_400_000).toISOString().slice(0, 10)
    }
    if (values["game_id"] !== undefined) values["limit"] = undefined
    if ("board" in values) {
      const isStreak = values["board"] === "login_streak"
      values["currency"] = isStreak ? undefined : random.pick(known.currencies)
      if (isStreak) values["period"] = undefined
    }
    // Nobody wants to wait for a change.
    if ("wait" in values) values["wait"] = "0"
    return values
  }

  /** Values for all parameters of the path and the query; optional ones only at times. */
  const values = (random: Random, { parameters }: Operation): Values =>
    knowing(
      random,
      Object.fromEntries(
        parameters.filter((parameter) => parameter.in !== "header").map((parameter) => [
          parameter.name,
          parameter.required === true || random.chance(0.5) ? textsOf(random, parameter) : undefined
        ])
      )
    )

  let serial = 0
  /** The body, with ids of its own where the description says that they tell items apart. */
  const body = (random: Random, { body }: Operation): unknown => {
    if (body === undefined) return undefined
    const named = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(named)
      if (typeof value !== "object" || value === null) return value
      return Object.fromEntries(
        Object.entries(value).map(([name, member]) => [
          name,
          /^(unique|payment|activity)_id$/.test(name)
            ? `conformance-${++serial}`
            : name === "user_ids"
            ? [random.pick(known.userIds), ...member as ReadonlyArray<string>]
            : named(member)
        ])
      )
    }
    return named(schemaValue(random, resolve, body.schema))
  }

  const request = (random: Random, operation: Operation): { readonly values: Values; readonly asked: Asked } => {
    const drawn = values(random, operation)
    const value = body(random, operation)
    if (operation.body !== undefined && operation.body.check(value) !== null) {
      throw new Error(`made an invalid body: ${JSON.stringify(value)}`)
    }
    return {
      values: drawn,
      asked: { target: targetOf(operation, drawn), ...value === undefined ? {} : { body: JSON.stringify(value) } }
    }
  }
  return { request }
}
