import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { casinoByGame } from "../../../src/projections/catalog/casinoByGame.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { leaderboards } from "../../../src/projections/catalog/leaderboards.ts"
import { logins } from "../../../src/projections/catalog/logins.ts"
import { fingerprint, firstFingerprint, tryFingerprint } from "../../../src/projections/fold/fingerprint.ts"
import { releasedVersions } from "../../../src/projections/own/ownProjections.ts"
import { count, latest } from "../../../src/projections/projection/Column.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import type { ReadRow } from "../../../src/projections/projection/Section.ts"
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

  it("stays what it is for every released version, for databases know the versions by it", () => {
    const found = Object.fromEntries(releasedVersions.map((version) => [`${version.name} v${version.version}`, fingerprint(version)]))
    assert.deepStrictEqual(found, {
      "casino v1": "2:f48f799137ca7642366ccde4a13275e9925c07e24b6021fc508ea2390455edc2",
      "game_rounds v1": "2:2e144f9c8bd2c61fa26d0dfb7816d4b31ac4d8677d88ccb8234881e022a05407",
      "payments v1": "2:1a4a551414b6da6d0d2c5f943fbc029acb43f444fdad29d8c1c9440dc540a824",
      "sports v1": "2:eaa449760fab4c84b87cb09bbecbd979936fff6875bfb917603f06f767c77616",
      "win_streak v1": "2:42fb5383eb06bdf8dd8e350921a37dcfb6e219c0d261e6ec569f6ea5c71fb043",
      "logins v2": "2:e6a7c0ca63b567692fd5f778f2b06e10fe72954b174add0cacc2d916eaf9aee5",
      "profile v1": "2:2bf39a6dc8b38c879c976744a3ac5c21f446c4ff2ac7f052004b189f3ba843fe",
      "casino_by_game v1": "2:e96146b1b106ba089e07e304ab86dc20cf2abb64a33b95059966b65b641a9c4d",
      "game_rounds_by_game v1": "2:2044e0f0e63f3e892941fd2c8ee39c05ed2d89b33c6641886ac7bb3ea8576fa6",
      "activity v2": "2:75a2ef10042220af387f9fdff34ddb59f1754920ec0aa9d6fa01b2cf4084e3ae",
      "leaderboards v2": "2:8e74c6938a2963f41e447ccac7b01788ac0f12d31f829e05fcc140e417b4a697",
      "sports_leaderboards v2": "2:447403bd3fa7b734c8b96838524ac23d4d5e3da9893f4ac15d50436e9874b7c9",
      "uncounted v1": "2:b6628f00e6d48989d2b90608609e5139b6cf0c6afe5f8dea8de1e06901af5fee",
      "logins v1": "2:43725d053e8c8e17ce4d8d234c373c963908a72031e5a808be01b24ef15f1eae",
      "activity v1": "2:5375509bcb59f638f4d77409e788bc866f7ce95e4ddb5b6ffc17688fe922bfa8",
      "leaderboards v1": "2:d3d895305ee6e5fa8bdc81d075467042c98533f193a5a891254a8890c78a2c35",
      "sports_leaderboards v1": "2:ce2320f9c2c3be275ad4e7c6fab8e160bf6940524eea0c4140b1225a9cac1855"
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
