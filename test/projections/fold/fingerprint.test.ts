import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { casinoByGame } from "../../../src/projections/catalog/casinoByGame.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { leaderboards } from "../../../src/projections/catalog/leaderboards.ts"
import { logins } from "../../../src/projections/catalog/logins.ts"
import { fingerprint, firstFingerprint, tryFingerprint } from "../../../src/projections/fold/fingerprint.ts"
import { count, latest } from "../../../src/projections/projection/Column.ts"
import type { AnyProjection, ReadRow } from "../../../src/projections/projection/Projection.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import { compareUtf8 } from "../../../src/values/compareUtf8.ts"

/** The game of most bets, by a rule for ties. */
const favourite = (order: (a: ReadRow, b: ReadRow) => number, base: AnyProjection = games): AnyProjection => ({
  ...base,
  section: { ...base.section, present: (rows) => rows.toSorted(order)[0]?.["game_id"] ?? null }
})

const games = Projection.make({
  name: "favourite",
  version: 1,
  events: ["realtime-gameround"],
  totals: { key: ["game_id"], columns: { rounds: count } },
  contribute: ({ data }) => [{ game_id: data.game_id, rounds: 1 }],
  section: { schema: Schema.Unknown, present: () => null }
})

const most = (a: ReadRow, b: ReadRow) => Number(b["rounds"]) - Number(a["rounds"])
const id = (a: ReadRow, b: ReadRow) => compareUtf8(String(a["game_id"]), String(b["game_id"]))

const presenting = (projection: AnyProjection, present: AnyProjection["section"]["present"]): AnyProjection => ({
  ...projection,
  section: { ...projection.section, present }
})

describe("fingerprint", () => {
  it("changes with a rule for ties that only shows in the section", () => {
    const first = favourite((a, b) => most(a, b) || id(a, b))
    const last = favourite((a, b) => most(a, b) || id(b, a))
    assert.notStrictEqual(fingerprint(first), fingerprint(last))
    assert.strictEqual(firstFingerprint(first), firstFingerprint(last))
    assert.strictEqual(fingerprint(first), fingerprint(favourite((a, b) => most(a, b) || id(a, b))))
  })

  it("changes with a rule for ties that never come in the sample log", () => {
    // Times of all games' last rounds, no two of them the same.
    const timed = Projection.make({
      name: "favourite",
      version: 1,
      events: ["realtime-casino"],
      totals: { key: ["game_id"], columns: { last_at: latest } },
      contribute: ({ data, occurredAt }) => [{ game_id: data.game_id, last_at: occurredAt }],
      section: { schema: Schema.Unknown, present: () => null }
    })
    const last = (a: ReadRow, b: ReadRow) => Number(b["last_at"]) - Number(a["last_at"])
    const ties = [1, -1].map((order) => favourite((a, b) => last(a, b) || order * id(a, b), timed))
    assert.notStrictEqual(...ties.map(fingerprint) as [string, string])
  })

  it("changes with what is shown without events, of the present, and of one row alone", () => {
    const others = [
      presenting(casino, (rows, context) => rows.length === 0 ? { EUR: 0 } : casino.section.present(rows, context)),
      presenting(logins, (rows, context) => logins.section.present(rows, { ...context, now: context.now - 86_400_000 })),
      presenting(logins, (rows, context) => logins.section.present(rows, { ...context, timeZone: "UTC" })),
      presenting(casinoByGame, (rows, context) => casinoByGame.section.present(rows.length === 1 ? [] : rows, context)),
      { ...casino, separateDocument: true } as const,
      { ...leaderboards, ranking: { score: "total", reachedAt: leaderboards.ranking?.reachedAt ?? "" } },
      // The first day of the week.
      { ...leaderboards, contribute: (event, context) => leaderboards.contribute?.(event, { ...context, weekStart: 1 }) ?? [] }
    ] satisfies ReadonlyArray<AnyProjection>
    for (const other of others) {
      const same = catalog.find(({ name }) => name === other.name)
      assert.isDefined(same)
      assert.notStrictEqual(fingerprint(other), same === undefined ? "" : fingerprint(same))
    }
  })

  it("does not change with the order of rows and members, descriptions, the schema and what is only quicker", () => {
    const reversed = (value: unknown): unknown =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toReversed().map(([name, member]) => [name, reversed(member)]))
        : value
    const others = [
      presenting(casino, (rows, context) => reversed(casino.section.present(rows.toReversed(), context))),
      { ...casino, section: { ...casino.section, schema: Schema.Unknown }, keys: () => [] },
      {
        ...casino,
        totals: casino.totals === undefined ? undefined : {
          ...casino.totals,
          columns: Object.fromEntries(
            Object.entries(casino.totals.columns).map(([name, column]) => [name, { ...column, description: "other words" }])
          )
        }
      }
    ] satisfies ReadonlyArray<AnyProjection>
    for (const other of others) assert.strictEqual(fingerprint(other), fingerprint(casino))
  })

  it("is of a scheme, and what the first scheme called a version stays what it was", () => {
    assert.match(fingerprint(casino), /^2:[0-9a-f]{64}$/)
    // As databases of the first releases have them.
    const first = Object.fromEntries(catalog.map((projection) => [projection.name, firstFingerprint(projection).slice(0, 8)]))
    assert.deepInclude(first, {
      casino: "2f71414c",
      game_rounds: "96e860c0",
      payments: "18b23df3",
      sports: "48829aed",
      win_streak: "83a7d968",
      logins: "cfd320db",
      profile: "bba9a47f",
      casino_by_game: "9d3a0a8e",
      game_rounds_by_game: "d4d520fa",
      activity: "e5958e2a",
      leaderboards: "f0bccb0c",
      sports_leaderboards: "c3777363",
      uncounted: "ea44255b"
    })
  })

  it("is none for a version that fails on the sample log: the failure names the part, the event and the error", () => {
    const classifySqlError = (projection: AnyProjection) => {
      const identity = tryFingerprint(projection)
      assert.isTrue(Result.isFailure(identity))
      return Result.isFailure(identity) ? identity.failure : undefined
    }
    const folds = classifySqlError({
      ...casino,
      contribute: (event, context) => {
        if (event.event === "realtime-casino" && event.data.unique_id === "c37") throw new TypeError("no such game\nat all")
        return casino.contribute?.(event, context) ?? []
      }
    })
    assert.deepInclude({ ...folds }, {
      projection: "casino",
      version: 1,
      part: "fold",
      event: { index: 37, kind: "realtime-casino" },
      problem: "TypeError: no such game"
    })
    assert.match(
      folds?.message ?? "",
      /^The fold of projection casino v1 fails on the sample log at event 37 \(realtime-casino\) of sampleLog\.ts: /
    )

    const presents = classifySqlError(
      presenting(casino, ([row], context) => casino.section.present([{ ...row, currency: row?.["nothing"] }, row as ReadRow], context))
    )
    assert.deepInclude({ ...presents }, { part: "present", event: null })

    const drawn = classifySqlError({ ...games, contribute: () => [{ game_id: String(Math.random()), rounds: 1 }] })
    assert.match(drawn?.problem ?? "", /another result each time/)
    let seen = 0
    assert.match(classifySqlError(presenting(casino, () => seen++))?.problem ?? "", /remembers something beside its rows/)
  })
})
