import { scaleLinear } from "d3-scale"
import { line } from "d3-shape"
import { type Html, html, trusted } from "../markup/html.ts"

/** A curve: its values at the moments of the chart. */
export interface Series {
  readonly name: string
  readonly values: ReadonlyArray<number | undefined>
}

/** A chart of curves over time. */
export interface LineChart {
  /** What the chart shows, with the unit: its name for who cannot see it. */
  readonly title: string
  /** Milliseconds since the epoch, in order. */
  readonly moments: ReadonlyArray<number>
  /** The curves, at most six. */
  readonly series: ReadonlyArray<Series>
  /** Writes a value of the axis. */
  readonly format: (value: number) => string
  /** The moments that the chart has room for: it fills from the right. */
  readonly span: number
}

const [width, height, left, right, top, bottom] = [640, 180, 56, 8, 10, 22]

/** Draws a chart as SVG. The legend has the latest values, so colour alone tells nothing. */
export const lineChart = ({ format, moments, series, span, title }: LineChart): Html => {
  const end = moments.at(-1) ?? 0
  const greatest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const x = scaleLinear([end - span, end], [left, width - right])
  const y = scaleLinear([0, greatest === 0 ? 1 : greatest], [height - bottom, top]).nice(4)
  const draw = line<number | undefined>()
    .defined((value) => value !== undefined)
    .x((_, index) => x(moments[index] ?? end))
    .y((value) => y(value ?? 0))
    .digits(1)
  const minutes = Math.round(span / 60_000)
  return html`<figure class="chart-of">
<figcaption>${title}</figcaption>
<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}, ${describe(series, format)}">
${
    y.ticks(4).map((tick) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${left - 6}" y="${
        y(tick) + 4
      }" text-anchor="end">${format(tick)}</text>`
    )
  }
<text x="${left}" y="${height - 4}">${minutes} min ago</text><text x="${width - right}" y="${height - 4}" text-anchor="end">now</text>
${series.map(({ values }, index) => html`<path class="line series-${index + 1}" d="${trusted(draw([...values]) ?? "")}"/>`)}
</svg>
<ul class="legend">${
    series.map(({ name, values }, index) => {
      const latest = values.at(-1)
      return html`<li><svg viewBox="0 0 14 4" aria-hidden="true" class="chart key"><path class="line series-${
        index + 1
      }" d="M0 2H14"/></svg>${name}
<span class="number">${latest === undefined ? "–" : format(latest)}</span></li>`
    })
  }</ul>
</figure>`
}

const describe = (series: ReadonlyArray<Series>, format: (value: number) => string): string =>
  series.map(({ name, values }) => {
    const latest = values.at(-1)
    return `${name}: ${latest === undefined ? "nothing" : format(latest)} now`
  }).join(", ")
