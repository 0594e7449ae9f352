import { known } from "../../../src/values/known.ts"

/**
 * The TypeScript samples of docs/projections.md, as the files that a reader of the page ends up
 * with.
 */
export interface PageSamples {
  /** The projection, its spec, and both after the change on a Friday. */
  readonly source: string
  readonly spec: string
  readonly changedSource: (source: string) => string
  readonly changedSpec: string
  /** A projection in a folder of the reader's own. */
  readonly own: string
  /** A projection with the columns and the ranking of the page. */
  readonly ranked: string
}

/** Takes the samples from the page; throws if there is one that it has no place for. */
export const pageSamples = (page: string): PageSamples => {
  const samples = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, sample = ""]) => sample)
  const take = (what: string, isIt: (sample: string) => boolean): string => {
    const at = samples.findIndex(isIt)
    return known(samples.splice(at === -1 ? samples.length : at, 1)[0], `sample of ${what} in docs/projections.md`)
  }
  const own = take("a projection of one's own", (sample) => sample.includes("\"playtally/projection\""))
  const source = take("a projection", (sample) => /^import [^]*Projection\.make\(/.test(sample))
  const spec = take("a spec", (sample) => /^import [^]*projectionSpec\(/.test(sample))
  const rule = take("a rule for `contribute`", (sample) => /^(\/\/.*\n)*if /.test(sample))
  const example = take("an example", (sample) => sample.startsWith("it("))
  const ranking = take("a ranking", (sample) => /^totals: [^]*^ranking: /m.test(sample))
  if (samples.length > 0) throw new Error(`docs/projections.md has a sample that no file takes in:\n${samples.join("\n")}`)
  return {
    source,
    spec,
    own,
    changedSource: (source) => inserted(source, { text: indented(rule, 4), after: /^ {2}contribute: .*=> \{\n/m }),
    changedSpec: inserted(spec, { text: `\n${indented(example, 2)}`, after: /^ {2}\}\)\n(?=\}\)\n$)/m }),
    ranked: `import * as Schema from "effect/Schema"
import { upperCase } from "../../values/asciiCase.ts"
import { formatDay } from "../../values/dayRuns.ts"
import { Decimal } from "../../values/jsonValues.ts"
import { periodOf } from "../../values/period.ts"
import { amount, latest } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"

export const weeklyStakes = Projection.make({
  name: "weekly_stakes",
  version: 1,
  events: ["realtime-gameround"],
${indented(ranking, 2)}  contribute: ({ data, occurredAt }, { calendar }) => {
    const [monday] = periodOf(calendar.day(occurredAt), "week", 1)
    const currency = upperCase(data.user_currency)
    return [{ week: formatDay(monday), currency, staked: data.total_bet_user, last_at: occurredAt }]
  },
  section: {
    schema: Schema.Record(Schema.String, Decimal),
    present: (rows) => Object.fromEntries(rows.map(({ currency, staked, week }) => [\`\${week} \${currency}\`, staked]))
  },
  separateDocument: true
})
`
  }
}

const inserted = (source: string, { after, text }: { readonly text: string; readonly after: RegExp }): string => {
  const found = known(after.exec(source), `place for ${text.trim()}`)
  const at = found.index + found[0].length
  return source.slice(0, at) + text + source.slice(at)
}

const indented = (text: string, columns: number): string => text.replace(/^(?=.)/gm, " ".repeat(columns))
