import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { sameContent } from "../../../src/fasttrack/sameContent.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { sampleLog } from "../../../src/projections/fold/sampleLog.ts"
import * as Column from "../../../src/projections/projection/Column.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import { contentOf } from "../events/contentOf.ts"
import { bet, login, payment, rollbackBet, sportsBet, win } from "../events/events.ts"
import { lawfulSection, resendOf } from "./foldLaws.ts"
import { projectionSpec } from "./projectionSpec.ts"

const [first, second, third] = [bet({ amount: "1" }), bet({ amount: "2" }), bet({ amount: "3" })]

type Row = Record<string, string | number | boolean | null>
type Columns = Record<string, Column.EntityColumn>

/**
 * A projection that keeps one row a user, `value` among its columns, by a fold that the compiler
 * does not keep from anything.
 */
const misfold = (fold: (data: Row, row: Row, chunk: object) => void, columns: Columns = { value: Column.text }): AnyProjection =>
  Projection.make({
    name: "misfold",
    version: 1,
    events: ["realtime-casino", "realtime-payment"],
    entities: { users: { key: [], columns } },
    keys: () => [["users"]],
    fold: ({ data }, entities) => fold(data as unknown as Row, entities["users"]() as unknown as Row, entities),
    section: { schema: Schema.Unknown, present: ([row]) => row?.["value"] ?? null }
  })

const classifySqlError = (projection: AnyProjection, ...events: ReadonlyArray<FastTrackEvent>): string => {
  try {
    lawfulSection(projection, events, { timeZone: "UTC", now: 0 })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return "every law held"
}

describe("projectionSpec", () => {
  it("tells a story: what is given, what happens then, what the section shows each time", () => {
    const { given } = projectionSpec(casino)
    given().shows({})
      .when(bet({ amount: "10.50" })).includes({ EUR: { bet_amount: "10.5" } })
      .when(win({ amount: 4, currency: "eur" }), rollbackBet({ currency: "SEK" })).includes({ EUR: { ggr: "6.5" }, SEK: { ggr: "-10" } })
    expect(() => given(first).includes({ EUR: { bet_amount: "2" } })).toThrow(/bet_amount/)
    expect(() => given(first).shows({ EUR: { bet_amount: "1" } })).toThrow(/bet_count/)
  })

  it("points at the line of the spec that failed", () => {
    const { given } = projectionSpec(casino)
    let stack: string | undefined
    try {
      given(first).shows("nothing")
    } catch (error) {
      stack = error instanceof Error ? error.stack : undefined
    }
    expect(stack?.split("\n").find((line) => line.startsWith("    at "))).toContain("projectionSpec.test.ts")
  })

  it("sets a resend aside, as the log does, and refuses other content under one key", () => {
    const { given } = projectionSpec(casino)
    given(first, first).when(resendOf(first)).includes({ EUR: { bet_count: 1, bet_amount: "1" } })
    expect(() => given(first, bet({ unique_id: first.data.unique_id, amount: "7" }))).toThrow("The log would reject this event")
  })

  it("builds only events that the endpoint takes", () => {
    expect(() => bet({ amount: "1e999" })).toThrow(/would be rejected.*digits/)
    expect(() => payment({ status: "" })).toThrow(/would be rejected.*status/)
    expect(() => bet({ at: "2026-02-30T00:00:00Z" })).toThrow(/would be rejected.*timestamp/)
    expect(payment({ base_amount: "0.100" }).data).toMatchObject({ amount: "10", base_amount: "0.1", entry_timestamp: null })
    expect(bet().data.unique_id < bet().data.unique_id).toBe(true)
  })
})

describe("resendOf", () => {
  it("is another event that the log takes for the same", () => {
    for (const event of [...sampleLog, sportsBet({ status: "\u212a" }), payment({ status: "ß" }), login()]) {
      const again = resendOf(event)
      expect(again).not.toEqual(event)
      expect(sameContent(contentOf(again), contentOf(event))).toBe(true)
    }
  })
})

describe("the laws of folds", () => {
  const latest = misfold((data, row) => {
    row["value"] = String(data["amount"])
  })

  it("name an order that gives another section, with the events that show it", () => {
    const failure = classifySqlError(latest, first, second, third)
    const lines = [second, third].map(({ data }, at) => `  ${at + 1}  realtime-casino ${data.unique_id} bet 2026-01-01T12:00:00.000Z`)
    expect(failure).toContain(
      ["misfold depends on the order of the events.", ...lines, "The order 2 1", "gives another section"].join("\n")
    )
    expect(classifySqlError(latest, first)).toBe("every law held")
    const many = Array.from({ length: 30 }, (_, index) => bet({ amount: index < 20 ? 1 : 2 }))
    expect(classifySqlError(latest, ...many)).toMatch(/events\.\n {2}1 .*\n {2}2 .*\nThe order 2 1\n/)
  })

  it("name an order in which the fold fails", () => {
    const needsTheFirst = misfold((data, row) => {
      if (row["value"] === null && data["amount"] !== "1") throw new Error("unknown")
      row["value"] = "known"
    })
    expect(classifySqlError(needsTheFirst, first, second)).toMatch(/The order 2 1\nfails: Error: unknown/)
  })

  it("name a cut into chunks that gives another section", () => {
    const rounds = new WeakMap<object, Set<unknown>>()
    const distinctRounds = misfold((data, row, chunk) => {
      const seen = rounds.get(chunk) ?? new Set()
      rounds.set(chunk, seen)
      if (!seen.has(data["round_id"])) row["value"] = Number(row["value"]) + 1
      seen.add(data["round_id"])
    }, { value: Column.tally })
    const failure = classifySqlError(distinctRounds, first, second, third)
    expect(failure).toMatch(/depends on how the events are cut into chunks.*The chunks \(1\) \(2\)/s)
  })

  it("name what is remembered beside the rows", () => {
    const seen = new Set<unknown>()
    const unseen = misfold((data, row) => {
      row["value"] = Number(row["value"]) + (seen.has(data["unique_id"]) ? 0 : 1)
      seen.add(data["unique_id"])
    }, { value: Column.tally })
    expect(classifySqlError(unseen, first)).toContain("remembers something beside its rows")
  })

  it("name a clock", () => {
    const dated = misfold((_, row) => {
      row["value"] = new Date().toISOString().slice(0, 4)
    })
    expect(classifySqlError(dated, first)).toContain("depends on the time at which it is run")
  })

  const asks: ReadonlyArray<readonly [what: string, law: string, ask: (data: Row) => unknown]> = [
    ["Math.random()", "is random", () => Math.random()],
    ["crypto.randomUUID()", "is random", () => crypto.randomUUID()],
    ["Date.now()", "depends on the time at which it is run", () => Date.now()],
    ["new Date()", "depends on the time at which it is run", () => new Date().toISOString()],
    ["performance.now()", "depends on the time at which it is run", () => performance.now()],
    ["getHours()", "depends on the zone of the process", () => new Date(0).getHours()],
    ["new Date(…)", "depends on the zone of the process", () => new Date(2026, 0, 1).toISOString()],
    ["new Date(…)", "depends on the zone of the process", () => new Date("2026-01-01T00:00:00").toISOString()],
    ["toLocaleDateString()", "depends on the zone of the process", () => new Date(0).toLocaleDateString("en-US")],
    ["new DateTimeFormat(…)", "depends on the zone of the process", () => new Intl.DateTimeFormat("en-US").format(0)],
    ["process.env.TZ", "depends on the zone of the process", () => process.env["TZ"] ?? null],
    ["process.env.HOME", "depends on the settings of the process", () => process.env["HOME"] ?? null],
    ["localeCompare()", "depends on the locale of the process", (data) => String(data["type"]).localeCompare("Z")],
    ["new Collator()", "depends on the locale of the process", () => new Intl.Collator().compare("a", "b")],
    ["toLocaleString()", "depends on the locale of the process", () => (1234.5).toLocaleString()],
    ["toLocaleUpperCase()", "depends on the locale of the process", (data) => String(data["type"]).toLocaleUpperCase()]
  ]

  it.each(asks)("name what is asked of the process: %s %s", (what, law, ask) => {
    const asking = misfold((data, row) => {
      row["value"] = typeof ask(data) === "string" ? "text" : "other"
    })
    const real = { random: Math.random, Date, env: process.env, now: Date.now }
    const failure = classifySqlError(asking, second, first)
    // `new Date()` and its like are told from each other by the place.
    const shown = what.replace(/^(?:Math|crypto|Date|performance)\.(?=\w+\(\)$)/, "")
    expect(failure.split("\n")[0]).toBe(`misfold ${law}: it asks for ${shown}.`)
    expect(failure).toMatch(/\nAt (?:.*projectionSpec\.test\.ts:\d+|a place that is not known)/)
    // As everything was before.
    expect({ random: Math.random, Date, env: process.env, now: Date.now }).toEqual(real)
    expect(Date).toBe(real.Date)
  })

  it("let a section ask for nothing of the process either, and for what every machine knows", () => {
    const shown = (present: AnyProjection["section"]["present"]) => ({ ...latest, section: { ...latest.section, present } })
    expect(classifySqlError(shown(() => new Date().getTime()), first)).toContain(
      "depends on the time at which it is run: it asks for new Date()."
    )
    const known = shown((_, { now, timeZone }) => [
      new Date(now).toISOString(),
      new Date("2026-01-01").getTime(),
      new Date("2026-01-01T00:00:00+01:00").getTime(),
      Date.UTC(2026, 0, 1),
      new Intl.DateTimeFormat("en-US", { timeZone }).format(now)
    ])
    expect(classifySqlError(known, first)).toBe("every law held")
  })

  it("name what is random in a way that shows only in what comes of it", () => {
    let draws = 0
    const drawn = misfold((_, row) => {
      row["value"] = String(draws++)
    })
    expect(classifySqlError(drawn, first)).toContain("remembers something beside its rows, or is random")
  })

  it("name a currency that is not upper-cased", () => {
    const raw = misfold((data, row) => {
      row["value"] = "EUR"
      if (data["currency"] !== "EUR") row["value"] = "other"
    })
    expect(classifySqlError(raw, bet({ currency: "EUR" }))).toContain("depends on the letter case of a currency: see upperCase")
    const byCurrency = Projection.make({
      name: "by_currency",
      version: 1,
      events: ["realtime-gameround"],
      totals: { key: ["currency"], columns: { rounds: Column.count } },
      contribute: ({ data }) => [{ currency: data.user_currency, rounds: 1 }],
      section: { schema: Schema.Unknown, present: (rows) => rows.length }
    })
    expect(projectionSpec(byCurrency).keepsTheLaws).toThrow("depends on the letter case of a currency")
  })

  it("name what is shared between users", () => {
    let last: unknown = first.userId
    const sharing: AnyProjection = {
      ...misfold(() => {}, { value: Column.tally }),
      fold: (event, entities) => {
        const row = entities["users"]?.()
        if (row === undefined) return
        row["value"] = Number(row["value"]) + (event.userId === last ? 0 : 1)
        last = event.userId
      }
    }
    expect(classifySqlError(sharing, first)).toContain("shares something between users")
  })

  it("name a section that depends on the order of its rows, and a row that is not the one of a value", () => {
    const currencies = (section: Partial<AnyProjection["section"]>): AnyProjection => ({
      ...casino,
      section: { ...casino.section, ...section }
    })
    const [euros, crowns] = [bet({ currency: "EUR" }), bet({ currency: "SEK" })]
    expect(classifySqlError(currencies({ present: (rows) => rows.map((row) => row["currency"] as string) }), euros, crowns))
      .toContain("depends on the order in which its rows are read")
    expect(classifySqlError(currencies({ rowOf: () => ["SEK"] }), euros, crowns)).toMatch(
      /has a rowOf that names another row.*It is so at EUR\.bet_count/s
    )
    expect(classifySqlError(currencies({}), euros, crowns)).toBe("every law held")
  })

  it("name what the log does not compare", () => {
    for (const field of ["entry_timestamp", "status"]) {
      const compared = misfold((data, row) => {
        row["value"] = String(data[field])
      })
      expect(classifySqlError(compared, payment())).toContain("depends on what the log does not compare")
      expect(classifySqlError(compared, payment({ status: "123", entry_timestamp: "2001-01-01T00:00:00Z" }))).toBe("every law held")
    }
  })

  it("name a change of what is only to be read", () => {
    const upperCase = misfold((data) => {
      data["currency"] = "EUR"
    })
    expect(classifySqlError(upperCase, first)).toContain("changes an event or a row that it is only to read")
    const { section } = latest
    const sorted = {
      ...latest,
      section: { ...section, present: (rows: ReadonlyArray<object>) => Object.assign(rows[0] ?? {}, { value: 1 }) }
    }
    expect(classifySqlError(sorted, first)).toContain("changes an event or a row that it is only to read")
  })

  it("name rows that cannot be stored", () => {
    const values: ReadonlyArray<readonly [Column.EntityColumn, unknown]> = [
      [Column.text, 5],
      [Column.text, "\0"],
      [Column.text, undefined],
      [Column.decimal, "1.50"],
      [Column.decimal, 1.5],
      [Column.time, "2026-01-01"],
      [Column.tally, 0.5],
      [Column.tally, null],
      [Column.flag, null]
    ]
    for (const [column, value] of values) {
      const wrong = misfold((_, row) => Object.assign(row, { value }), { value: column })
      expect(classifySqlError(wrong, first)).toContain(`users.value: ${JSON.stringify(value)} is not of the kind ${column.kind}`)
    }
    expect(classifySqlError(misfold((_, row) => Object.assign(row, { extra: 1 })), first)).toContain("users.extra is no column")

    const totals = (contribution: (game: string) => object): AnyProjection =>
      Projection.make({
        name: "totals",
        version: 1,
        events: ["realtime-casino"],
        totals: { key: ["game"], columns: { bets: Column.count, last_at: Column.latest } },
        contribute: ({ data }) => [{ game: "", ...contribution(data.game_id) }],
        section: { schema: Schema.Unknown, present: (rows) => rows.length }
      })
    expect(classifySqlError(totals((game) => ({ game })), first, second)).toBe("every law held")
    expect(classifySqlError(totals((game) => ({ game })), bet({ game_id: "x".repeat(2000) }))).toContain("a key of 2000 bytes")
    expect(classifySqlError(totals(() => ({ bets: 0.5 })), first)).toContain("totals.bets: 0.5 is not of the kind count")
    expect(classifySqlError(totals(() => ({ last_at: "today" })), first)).toContain("totals.last_at: today is not of the kind latest")
  })

  it("are tried on events of every kind of life without being asked for one", () => {
    const { keepsTheLaws } = projectionSpec(latest)
    expect(keepsTheLaws).toThrow("depends on the order of the events")
    const byGame = Projection.make({
      name: "by_game",
      version: 1,
      events: ["realtime-casino"],
      totals: { key: ["game"], columns: { bets: Column.count } },
      contribute: ({ data }) => [{ game: data.game_id, bets: 1 }],
      section: { schema: Schema.Unknown, present: (rows) => rows.length }
    })
    expect(projectionSpec(byGame).keepsTheLaws).toThrow("a key of 16384 bytes")
  })

  it.each(catalog)("hold for $name", (projection) => projectionSpec(projection).keepsTheLaws())

  it("demand the section that the schema describes", () => {
    const wrong = (section: unknown) => ({ ...casino, section: { ...casino.section, present: () => section } })
    expect(() => projectionSpec(wrong({ EUR: {} })).given()).not.toThrow()
    expect(() => projectionSpec(wrong({ EUR: {} })).given().shows({ EUR: {} })).toThrow("its schema does not describe")
    expect(() => projectionSpec(wrong({ EUR: undefined })).given().shows({})).toThrow("not JSON")
  })
})
