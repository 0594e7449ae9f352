import type { Random } from "../../oracle/random.ts"
import { toBody } from "../../oracle/toBody.ts"
import { apiKey } from "../../support/service/ServiceProcess.ts"
import { type FuzzDraw, type FuzzRequest, httpRequest } from "./FuzzRequest.ts"
import { absurdValue, type JsonSchema, type Resolve, schemaValue } from "./JsonSchema.ts"

/** What the service's OpenAPI document says about one request. */
export interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: ReadonlyArray<
    { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: JsonSchema }
  >
  readonly body?: JsonSchema
}

/** What may stand for a part of a path or of a query without being one. */
const absurdEncodings = [
  "",
  "%",
  "%zz",
  "%00",
  "%c0%af",
  "%ed%a0%80",
  "..",
  ".",
  "%2e%2e",
  "%2f",
  ";",
  ";a=b",
  "%F0%9F%98%80",
  "+",
  "a+b",
  "&",
  "=",
  "[]",
  "%5B%5D",
  "1e1",
  "-0",
  "0x1",
  "١",
  "1.0",
  " ".repeat(0),
  "9".repeat(400),
  "Infinity",
  "null"
]

const strangers = ["stranger", "a stranger", "\u00fcn\u{1f600}known"]

const encode = (value: unknown): string => {
  try {
    return encodeURIComponent(typeof value === "string" ? value : toBody([value], "array").slice(1, -1))
  } catch {
    return "%ed%a0%80"
  }
}

/**
 * Requests for whatever the document describes, with parameters as it describes them, nearly so,
 * and not at all.
 */
export const readingRequests = (operations: ReadonlyArray<Operation>, resolve: Resolve) => {
  const text = (random: Random, name: string, schema: JsonSchema, knownUsers: ReadonlyArray<string>, cursors: ReadonlyArray<string>) => {
    if (name === "user_id") return encode(random.pick(knownUsers))
    if (name === "cursor") return encode(cursors.length > 0 && random.chance(0.7) ? random.pick(cursors) : "AAAAAAAAAAAAAAAAAAAA")
    if (name === "path") {
      return random.pick([
        "casino.EUR.bet_amount",
        "logins.login_count",
        "win_streak.current",
        "payments.EUR.deposit_count",
        "casino..x",
        "profile.username",
        "casino.__proto__.x",
        "~~~",
        "casino.~1.~0"
      ])
    }
    const { items } = resolve(schema)
    return items === undefined ? encode(schemaValue(random, resolve, schema)) : encode(random.pick([schemaValue(random, resolve, items)]))
  }

  return (
    { random }: FuzzDraw,
    { cursors, knownUsers }: { readonly knownUsers: ReadonlyArray<string>; readonly cursors: ReadonlyArray<string> }
  ): FuzzRequest => {
    const { body, method, parameters, path } = random.pick(operations)
    const isAbsurd = random.chance(0.4)
    const spoil = (good: string): string =>
      isAbsurd && random.chance(0.4)
        ? random.pick([
          random.pick(absurdEncodings),
          encode(absurdValue(random)),
          good.slice(0, -1),
          `${good}${random.pick(absurdEncodings)}`
        ])
        : good
    // Who is known is to be counted in the end: others are erased.
    const users = method.toLowerCase() === "delete" ? strangers : knownUsers
    const valueOf = ({ name, schema }: Operation["parameters"][number]) => text(random, name, schema, users, cursors)
    let target = path
    for (const parameter of parameters.filter((one) => one.in === "path")) {
      target = target.replace(`{${parameter.name}}`, () => spoil(valueOf(parameter)))
    }
    const query = parameters
      .filter((one) => one.in === "query" && one.name !== "wait" && (one.required === true || random.chance(0.4)))
      .flatMap((one) =>
        Array.from({ length: isAbsurd && random.chance(0.1) ? random.below(4) : 1 }, () => `${one.name}=${spoil(valueOf(one))}`)
      )
    // Nobody wants to wait for a change.
    if (parameters.some(({ name }) => name === "wait")) {
      query.push(`wait=${spoil("0")}`, ...isAbsurd && random.chance(0.1) ? ["wait=0"] : [])
    }
    if (isAbsurd && random.chance(0.2)) {
      query.push(
        random.pick([
          "x=1",
          "__proto__=1",
          "constructor",
          "=",
          "&&",
          "limit",
          "limit[]=1",
          "%=%",
          `${"a=1&".repeat(1 + random.below(800))}`
        ])
      )
    }
    const headers = {
      "x-api-key": apiKey,
      ...random.chance(0.1) ? { "if-none-match": random.pick(["*", "\"x\"", "W/\"y\", \"z\"", "\""]) } : {},
      ...random.chance(0.1) ? { prefer: random.pick(["wait=10", "wait=0", "wait=-1", "wait=1e3", "wait"]) } : {}
    }
    const url = target + (query.length > 0 ? `?${query.join("&")}` : "")
    if (body !== undefined) {
      const value = isAbsurd
        ? random.pick([absurdValue(random), { user_ids: absurdValue(random) }, { user_ids: [...knownUsers, absurdValue(random)] }])
        : { user_ids: knownUsers }
      return {
        kind: `POST ${path}`,
        sending: { parts: [httpRequest(method, url, headers, toBody([value], "array").slice(1, -1))], methods: [method] }
      }
    }
    const asked = random.chance(0.03) ? random.pick(["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]) : method
    return {
      kind: `${asked} ${path}`,
      sending: { parts: [httpRequest(asked, url, headers)], methods: [asked] },
      ...path === "/healthz" && asked === method && query.length === 0 ? { statuses: [200] } : {}
    }
  }
}
