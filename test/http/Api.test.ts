import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { OpenApi } from "effect/http-api"
import { Api } from "../../src/http/Api.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { request, serve } from "./serve.ts"

const spec = OpenApi.fromApi(Api)
const operations = Object.entries(spec.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method} ${path}`,
    path,
    operation: operation as OpenApi.OpenAPISpecOperation
  }))
)
const problems = new Map(Object.entries(spec.components.schemas).filter(([, schema]) => typeOf(schema) !== undefined))

function typeOf(schema: unknown): string | undefined {
  const { properties } = schema as { properties?: { type?: { enum?: ReadonlyArray<string> }; title?: unknown } }
  return properties?.title === undefined ? undefined : properties.type?.enum?.[0]
}

describe("the OpenAPI document", () => {
  it("has every operation, each with its own id", () => {
    assert.deepStrictEqual(operations.map(({ name }) => name).sort(), [
      "delete /api/v1/users/{user_id}",
      "get /api/v1/changes",
      "get /api/v1/leaderboards/{board}",
      "get /api/v1/leaderboards/{board}/users/{user_id}",
      "get /api/v1/users",
      "get /api/v1/users/{user_id}/activity",
      "get /api/v1/users/{user_id}/counters",
      "get /api/v1/users/{user_id}/counters/explain",
      "get /api/v1/users/{user_id}/events",
      "get /api/v1/users/{user_id}/games",
      "get /healthz",
      "get /metrics",
      "get /readyz",
      "post /api/v1/integrations/fasttrack/bulk",
      "post /api/v1/users/counters"
    ])
    assert.strictEqual(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length)
  })

  it.each(operations)("says what $name answers with each status", ({ operation }) => {
    for (const [status, response] of Object.entries(operation.responses)) {
      assert.isNotEmpty(response.description, status)
      if (status === "204" || status === "304") {
        assert.isUndefined(response.content)
        continue
      }
      const contents = Object.entries(response.content ?? {})
      assert.strictEqual(contents.length, 1, status)
      for (const [type, { schema }] of contents) {
        assert.isNotEmpty(schema, status)
        if (Number(status) < 400) continue
        assert.strictEqual(type, "application/problem+json")
        const members = (schema["anyOf"] ?? [schema]) as ReadonlyArray<{ readonly $ref: string }>
        for (const { $ref } of members) assert(problems.has($ref.replace("#/components/schemas/", "")), `${status}: ${$ref}`)
      }
    }
  })

  it.each(operations)("names every part of the path of $name", ({ operation, path }) => {
    const named = operation.parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)
    assert.deepStrictEqual(named, [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name))
  })

  it("gives every problem a type and a status of its own", () => {
    const types = [...problems.values()].map(typeOf)
    assert.strictEqual(new Set(types).size, types.length)
    assert.includeMembers(types, [
      "malformed-json",
      "not-a-batch",
      "all-rejected",
      "strict-refusal",
      "projection-behind",
      "projection-parked",
      "unavailable",
      "overloaded"
    ])
  })

  it("lets every reference lead somewhere", () => {
    const names = [...JSON.stringify(spec).matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference = ""]) => reference)
    assert.isNotEmpty(names)
    for (const name of names) assert.property(spec.components.schemas, name.replace("#/components/schemas/", ""))
  })

  it("says of every value what it is, where generators of clients look", () => {
    const vague: Array<string> = []
    const look = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return
      const schema = value as Readonly<Record<string, unknown>>
      // What a schema may be made of, whatever is said of it beside that.
      if (!["$ref", "type", "anyOf"].some((keyword) => keyword in schema)) vague.push(`${path}: ${JSON.stringify(schema)}`)
      if ("allOf" in schema) vague.push(`${path}: allOf`)
      for (const [name, member] of Object.entries(schema["properties"] ?? {})) look(member, `${path}.${name}`)
      for (const [nth, one] of Object.entries(schema["anyOf"] ?? [])) look(one, `${path}|${nth}`)
      look(schema["items"], `${path}[]`)
      look(schema["additionalProperties"], `${path}.*`)
      if (schema["type"] === "object" && schema["properties"] === undefined && schema["additionalProperties"] === undefined) {
        vague.push(`${path}: an object of nothing`)
      }
    }
    for (const [name, schema] of Object.entries(spec.components.schemas)) look(schema, name)
    for (const { name, operation } of operations) {
      for (const parameter of operation.parameters) look(parameter.schema, `${name} ${parameter.name}`)
      const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap((part) => Object.values(part?.content ?? {}))
      for (const { schema } of contents as ReadonlyArray<{ readonly schema: unknown }>) look(schema, name)
    }
    assert.deepStrictEqual(vague, [])
  })

  it("names the counters of each section, once for sections that have the same", () => {
    const propertiesOf = (name: string) =>
      (spec.components.schemas[name] as { readonly properties: Readonly<Record<string, unknown>> }).properties
    const casino = { $ref: "#/components/schemas/CasinoCounters" }
    assert.deepInclude(propertiesOf("Counters")["casino"], { additionalProperties: casino })
    assert.deepInclude(
      (propertiesOf("Games")["casino_by_game"] as { readonly additionalProperties: object }).additionalProperties,
      { additionalProperties: casino }
    )
    assert.deepInclude(propertiesOf("Counters")["win_streak"], { $ref: "#/components/schemas/WinStreak" })
  })

  it("has an example of every body and of every parameter that a request must have", () => {
    const missing = operations.flatMap(({ name, operation: { parameters, requestBody } }) => [
      ...parameters.filter((parameter) => parameter.required && !("example" in parameter)).map((parameter) => `${name} ${parameter.name}`),
      ...Object.values(requestBody?.content ?? {}).filter((content) => !("example" in content)).map(() => `${name} body`)
    ])
    assert.deepStrictEqual(missing, [])
  })

  it("gives operations names that are names of functions", () => {
    for (const { operation: { operationId } } of operations) assert.match(operationId, /^[a-z][a-zA-Z]+$/)
  })

  it("asks for a key in either way, where one is needed", () => {
    assert.deepInclude(spec.components.securitySchemes["apiKey"], { type: "apiKey", in: "header", name: "x-api-key" })
    assert.deepInclude(spec.components.securitySchemes["bearer"], { type: "http", scheme: "bearer" })
    for (const { operation, path } of operations) {
      assert.deepStrictEqual(operation.security, path.startsWith("/api/") ? [{ apiKey: [] }, { bearer: [] }] : [])
      assert.strictEqual("401" in operation.responses, path.startsWith("/api/"))
      if (401 in operation.responses) assert.property(operation.responses[401].headers, "www-authenticate")
      if (429 in operation.responses) assert.property(operation.responses[429].headers, "retry-after")
      if (503 in operation.responses) assert.property(operation.responses[503].headers, "retry-after")
    }
  })

  it("describes the sections of the counters by their projections", () => {
    const { properties } = spec.components.schemas["Counters"] as { readonly properties: Readonly<Record<string, object>> }
    const names = [...new Set(catalog.filter(({ separateDocument }) => separateDocument !== true).map(({ name }) => name))]
    assert.deepStrictEqual(Object.keys(properties), ["user_id", "ref", "time_zone", "position", "generations", ...names, "stale"])
    for (const name of names) assert.isNotEmpty(properties[name])
  })

  it("shows an item of each kind", () => {
    const kinds = Object.values(spec.components.schemas).flatMap((schema) => {
      const { examples, properties } = schema as {
        examples?: ReadonlyArray<{ event?: string }>
        properties?: { event?: { enum?: ReadonlyArray<string> } }
      }
      const kind = properties?.event?.enum?.[0]
      return kind === undefined || properties?.event === undefined || examples === undefined ? [] : [[kind, examples[0]?.event]]
    })
    assert.strictEqual(kinds.length, 6)
    for (const [kind, shown] of kinds) assert.strictEqual(shown, kind)
  })

  it("closes only what is refused for members nobody knows", () => {
    const closed = Object.entries(spec.components.schemas).filter(([, schema]) =>
      JSON.stringify(schema).includes("\"additionalProperties\":false")
    )
    assert.deepStrictEqual(closed.map(([name]) => name), ["UserIds"])
  })

  it.live("is served, and shown by a page that needs nothing from elsewhere", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const served = yield* request(`${url}/openapi.json`)
      assert.strictEqual(served.headers.get("content-type"), "application/json")
      assert.deepStrictEqual(served.json(), JSON.parse(JSON.stringify(spec)))
      const page = yield* request(`${url}/docs`)
      assert.strictEqual(page.status, 200)
      assert.match(page.headers.get("content-type") ?? "", /^text\/html/)
      assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'self' (?!.*(?:https?:|\*))/)
      assert.notMatch(page.text, /<(?:script|link|img)[^>]*(?:src|href)="?https?:/)
      assert.isAbove(page.text.length, 1_000_000)
    }))
})
