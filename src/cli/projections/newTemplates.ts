/** What a new projection is called in each place. */
export interface ProjectionNames {
  /** In the database and in the counters document: `big_bets`. */
  readonly name: string
  /** In the code: `bigBets`. */
  readonly variable: string
}

/** Where a projection is: in the catalog of this code, or in a folder of your own. */
export type ProjectionPlace = "Catalog" | "Own"

/** What differs between the places: the imports, and where to read on. */
const imports: Readonly<Record<ProjectionPlace, string>> = {
  Catalog: `import { upperCase } from "../../values/asciiCase.ts"
import { byCurrency } from "../projection/byCurrency.ts"
import { amount, count, latest } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"
`,
  Own: `import { amount, byCurrency, count, latest, Projection, upperCase } from "playtally/projection"
`
}
const kindsOfEvents: Readonly<Record<ProjectionPlace, string>> = {
  Catalog: "The kinds of events that reach the fold; `src/fasttrack/` has what is in each.",
  Own: "The kinds of events that reach the fold; the types have what is in each."
}

/** The source of a projection that works as it is: casino bets per currency. */
export const projectionSource = ({ name, variable }: ProjectionNames, place: ProjectionPlace): string =>
  `${imports[place]}
/** The columns under the names they have in the section. Their kinds say how each adds up. */
const columns = {
  bet_count: count,
  bet_amount: { ...amount, description: "The bonus part included" },
  last_bet_at: latest
}

/** Casino bets per currency. */
export const ${variable} = Projection.make({
  name: "${name}",
  // Another rule needs another number, with this version beside it until the next one has taken
  // over: docs/projections.md.
  version: 1,
  // ${kindsOfEvents[place]}
  events: ["realtime-casino"],
  // One row per user and currency. A key is text, and short: \`gameKey\` makes one of a game_id.
  totals: { key: ["currency"], columns },
  // What an event adds to which rows. It sees this event and nothing else, so neither order nor
  // chunks can make a difference. What has a life of its own, with steps that come in any order, is
  // folded into rows: docs/projections.md.
  contribute: ({ data, occurredAt }) =>
    data.type === "bet"
      ? [{ currency: upperCase(data.currency), bet_count: 1, bet_amount: data.amount, last_bet_at: occurredAt }]
      : [],
  // The user's part of the counters document: { EUR: { …columns } }.
  section: byCurrency(columns)
})
`

/** The source of its spec, which passes as it is. */
export const specSource = ({ name, variable }: ProjectionNames): string =>
  `import { describe, it } from "vitest"
import { ${variable} } from "../../../src/projections/catalog/${variable}.ts"
import { bet, win } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(${variable})

describe("${name}", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("is empty without events", () => {
    given().shows({})
  })

  it("adds up bets and nothing else", () => {
    given(bet({ amount: "10.50" }), win({ amount: "4" }))
      .shows({ EUR: { bet_count: 1, bet_amount: "10.5", last_bet_at: "2026-01-01T12:00:00.000Z" } })
      .when(bet({ amount: "1", at: "2026-02-01T00:00:00Z" }))
      .shows({ EUR: { bet_count: 2, bet_amount: "11.5", last_bet_at: "2026-02-01T00:00:00.000Z" } })
  })

  it("keeps currencies apart, upper-cased", () => {
    given(bet({ currency: "eur" }), bet({ currency: "SEK" })).includes({ EUR: { bet_count: 1 }, SEK: { bet_count: 1 } })
  })
})
`
