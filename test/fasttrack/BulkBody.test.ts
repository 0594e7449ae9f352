import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { BulkBody } from "../../src/fasttrack/BulkBody.ts"
import { eventOf, eventTypes, wireData, wireLeg } from "./wireItem.ts"

interface JsonSchema {
  readonly type?: string
  readonly format?: string
  readonly default?: unknown
  readonly description?: string
  readonly enum?: ReadonlyArray<string>
  readonly maxLength?: number
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly examples?: ReadonlyArray<unknown>
}

// What is read of it here, of all that a JSON schema may be.
const { definitions, schema } = Schema.toJsonSchemaDocument(BulkBody) as unknown as {
  readonly definitions: Readonly<Record<string, JsonSchema>>
  readonly schema: JsonSchema
}
const items = Object.values(definitions)
const dataOf = (event: string): JsonSchema => {
  const data = items.find((item) => item.properties?.["event"]?.enum?.[0] === event)?.properties?.["data"]
  if (data === undefined) throw new Error(event)
  return data
}
/** As the published page writes types. */
const typeOf = (field: JsonSchema | undefined): string =>
  field?.anyOf !== undefined
    ? [field.anyOf.map(typeOf).join(" | "), field.default].filter((part) => part !== undefined).join(" ")
    : [field?.enum?.join(",") ?? field?.type, field?.format, field?.default].filter((part) => part !== undefined).join(" ")

const common = {
  user_id: "string",
  timestamp: "string date-time",
  entry_timestamp: "string date-time | null",
  process_timestamp: "string date-time | null"
}
/**
 * With what FastTrack's own schemas send beside it: null for what may be left out, integers for
 * three ids, and Teaser.
 */
const published: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "realtime-casino": {
    ...common,
    unique_id: "string",
    game_id: "string | integer",
    round_id: "string | integer",
    type: "bet,win,loss,rollbackbet,rollbackwin",
    amount: "number",
    currency: "string",
    bonus_wager_amount: "number"
  },
  "realtime-payment": {
    ...common,
    payment_id: "string | integer",
    type: "string",
    status: "string",
    amount: "number",
    currency: "string",
    base_amount: "number | null 0",
    vendor_name: "string"
  },
  "realtime-registration": {
    ...common,
    unique_id: "string",
    username: "string",
    registration_date: "string date-time",
    country: "string",
    currency: "string",
    gender: "string | null",
    consent_email: "boolean | null",
    segmentation_isPromoBanned: "boolean | null"
  },
  "realtime-gameround": {
    ...common,
    unique_id: "string",
    game_id: "string | integer",
    user_currency: "string",
    meta_reporting_currency: "string | null",
    bonus_bet_user: "number",
    total_bet_user: "number",
    total_bet_base: "number | null 0",
    bonus_win_user: "number",
    total_win_user: "number",
    total_win_base: "number | null 0"
  },
  "realtime-sports-bet": {
    ...common,
    activity_id: "string",
    activity_id_reference: "string",
    amount: "number",
    bet_type: "Single,Multi,System,Teaser",
    odds: "number | null",
    total_odds: "number | null",
    bets: "array | null",
    bonus_wager_amount: "number",
    currency: "string",
    is_cashout: "boolean | null false",
    status: "string",
    type: "string"
  },
  "realtime-login": { ...common, unique_id: "string" }
}
const leg = {
  is_free_bet: "boolean | null false",
  is_risk_free_bet: "boolean | null false",
  is_live: "boolean | null false",
  tournament_name: "string",
  sports_name: "string",
  odds: "number",
  event_name: "string | null",
  market: "string | null",
  match_start: "string date-time | null",
  outcomes: "array | null",
  meta: "object | null"
}

const typesIn = (object: JsonSchema | undefined) =>
  Object.fromEntries(Object.entries(object?.properties ?? {}).map(([name, field]) => [name, typeOf(field)]))

/** Which fields may be left out, found by leaving them out. */
const isRequired = (event: string, data: object, name: string): boolean => {
  try {
    eventOf(JSON.stringify({ event, data: { ...data, [name]: undefined } }))
    return false
  } catch {
    return true
  }
}

describe("BulkBody", () => {
  it("is an object with items, or the array of them", () => {
    expect(schema.anyOf?.map(typeOf)).toEqual(["object", "array"])
    for (const array of [schema.anyOf?.[0]?.properties?.["items"], schema.anyOf?.[1]]) {
      expect(array?.items?.anyOf).toHaveLength(eventTypes.length)
    }
    expect(items.map((item) => item.properties?.["event"]?.enum?.[0])).toEqual(eventTypes)
    for (const item of items) expect(item.required).toEqual(["event", "data"])
  })

  it.each(eventTypes)("describes %s as published, and as it is decoded", (event) => {
    const data = dataOf(event)
    expect(typesIn(data)).toEqual(published[event])
    const full = Object.fromEntries(Object.entries(wireData[event]).map(([name, text]) => [name, JSON.parse(text)]))
    expect(Object.keys(full).filter((name) => isRequired(event, full, name))).toEqual(
      Object.keys(full).filter((name) => data.required?.includes(name))
    )
  })

  it("describes legs as published, and as they are decoded", () => {
    const described = dataOf("realtime-sports-bet").properties?.["bets"]?.anyOf?.[0]?.items
    expect(typesIn(described)).toEqual(leg)
    expect(described?.properties?.["outcomes"]?.anyOf?.[0]?.items?.type).toBe("object")
    const full = Object.fromEntries(Object.entries(wireLeg).map(([name, text]) => [name, JSON.parse(text)]))
    const bet = Object.fromEntries(Object.entries(wireData["realtime-sports-bet"]).map(([name, text]) => [name, JSON.parse(text)]))
    const requiredOnes = Object.keys(full).filter((name) =>
      isRequired("realtime-sports-bet", { ...bet, bets: [{ ...full, [name]: undefined }] }, "")
    )
    expect(requiredOnes).toEqual(described?.required)
  })

  it("says what ids are for, and how long texts may be", () => {
    expect(dataOf("realtime-casino").properties?.["unique_id"]?.description).toBe("This field is used for idempotency")
    expect(dataOf("realtime-gameround").properties?.["unique_id"]?.description).toBe("This field is used for idempotency and as round_id")
    expect(dataOf("realtime-payment").properties?.["status"]?.maxLength).toBe(64)
    expect(dataOf("realtime-payment").properties?.["currency"]?.maxLength).toBe(32)
    expect(dataOf("realtime-payment").properties?.["payment_id"]?.anyOf?.[0]?.maxLength).toBe(256)
  })

  it("says which words count", () => {
    const describes = (event: string, field: string, words: string) =>
      expect(dataOf(event).properties?.[field]?.description).toContain(`Counted: ${words}, in any case`)
    describes("realtime-payment", "type", "credit, deposit, debit, withdrawal, withdraw")
    describes("realtime-payment", "status", "requested, approved, rejected, cancelled, rollback")
    describes("realtime-sports-bet", "type", "bet, settlement")
    describes("realtime-sports-bet", "status", "approved, rollback")
  })

  it("gives examples that are valid", () => {
    for (const item of items) {
      expect(item.examples).toHaveLength(1)
      for (const example of item.examples ?? []) expect(eventOf(JSON.stringify(example)).event).toBe(item.properties?.["event"]?.enum?.[0])
    }
  })
})
