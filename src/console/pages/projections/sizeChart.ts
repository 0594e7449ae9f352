import { scaleBand, scaleLinear } from "d3-scale"
import type { ChangesOfSize, VersionDiff } from "../../../projections/versions/diffVersions.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"

/** The columns that are drawn: those that change for most users. */
const mostCharts = 6
const [width, height] = [560, 190]
const margin = { top: 18, right: 8, bottom: 38, left: 44 }

/** How many users have changes of each size, a picture for each column, with the numbers below. */
export const sizeCharts = ({ sizes }: Pick<VersionDiff, "sizes">): Html | undefined => {
  if (sizes.length === 0) return undefined
  const columns = [...Map.groupBy(sizes, ({ column }) => column)]
    .map(([column, own]) => ({ column, own, users: own.reduce((sum, { down, up }) => sum + down + up, 0) }))
    .sort((a, b) => b.users - a.users)
  const more = columns.length - mostCharts
  return html`<section aria-labelledby="sizes"><h2 id="sizes">Users by size of change</h2>
<p>Each bar counts the users whose largest change in the column has that size: from the number below it up to ten times that.
At the left, numbers get less; at the right, greater.</p>
<div class="size-charts">${columns.slice(0, mostCharts).map(({ column, own }) => chart(column, own))}</div>
${more > 0 ? html`<p>${more} more columns change for fewer users.</p>` : undefined}</section>`
}

interface Bar {
  readonly id: string
  readonly label: string
  readonly users: number
  readonly isUp: boolean
}

const chart = (column: string, sizes: ReadonlyArray<ChangesOfSize>): Html => {
  const exponents = sizes.map(({ exponent }) => exponent)
  const [least, most] = [Math.min(...exponents), Math.max(...exponents)]
  const of = new Map(sizes.map((size) => [size.exponent, size]))
  const all = Array.from({ length: most - least + 1 }, (_, nth) => least + nth)
  const bars: ReadonlyArray<Bar> = [
    ...all.toReversed().map((exponent): Bar => ({
      id: `-${exponent}`,
      label: `−${sizeText(exponent)}`,
      users: of.get(exponent)?.down ?? 0,
      isUp: false
    })),
    ...all.map((exponent): Bar => ({ id: `+${exponent}`, label: `+${sizeText(exponent)}`, users: of.get(exponent)?.up ?? 0, isUp: true }))
  ]
  const x = scaleBand(bars.map(({ id }) => id), [margin.left, width - margin.right]).padding(0.15)
  const y = scaleLinear([0, Math.max(...bars.map(({ users }) => users))], [height - margin.bottom, margin.top]).nice(3)
  const middle = (margin.left + width - margin.right) / 2
  const name = `Users by the size of their change of ${column}`
  return html`<figure class="panel"><figcaption><strong>${column}</strong></figcaption>
<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}: ${inWords(bars)}"><title>${name}</title>
${
    y.ticks(3).filter(Number.isInteger).map((tick) =>
      html`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(tick)}" y2="${y(tick)}"></line>
<text x="${margin.left - 6}" y="${y(tick) + 4}" text-anchor="end">${grouped(tick)}</text>`
    )
  }
<line class="grid" x1="${middle}" x2="${middle}" y1="${margin.top}" y2="${height - margin.bottom}"></line>
${
    bars.map(({ id, isUp, label, users }) => {
      const center = (x(id) ?? 0) + x.bandwidth() / 2
      return html`${
        users === 0 ?
          undefined :
          html`<rect class="bar ${isUp ? "fill-2" : "fill-3"}" x="${x(id) ?? 0}" y="${y(users)}" width="${x.bandwidth()}" height="${
            y(0) - y(users)
          }"></rect><text x="${center}" y="${y(users) - 4}" text-anchor="middle">${grouped(users)}</text>`
      }<text x="${center}" y="${height - margin.bottom + 14}" text-anchor="middle">${label}</text>`
    })
  }
<text x="${middle}" y="${height - 6}" text-anchor="middle">size of the change</text>
</svg></figure>`
}

const inWords = (bars: ReadonlyArray<Bar>): string =>
  bars.filter(({ users }) => users > 0).map(({ label, users }) => `${grouped(users)} by ${label} or more`).join(", ")

/** 10^exponent, short. */
const sizeText = (exponent: number): string =>
  exponent < 0
    ? (10 ** exponent).toFixed(-exponent)
    : `${10 ** (exponent % 3)}${["", "k", "M", "G", "T", "P"][Math.floor(exponent / 3)] ?? ""}`
