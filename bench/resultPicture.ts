import { type Measurement, type Outcome, ratioOf, type Series } from "./Measurement.ts"
import { short } from "./resultTable.ts"
import { spreadOf } from "./statistics.ts"

const width = 1100
const labels = 330
const bars = 300
const lineHeight = 20
const chartHeight = 130
const colours = ["#2f6f9f", "#c7762d", "#4f8a4b", "#8a4f7d"]
const ink = "#1f2933"
const faint = "#7b8794"

/** Text between tags or in an attribute. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

const text = (x: number, y: number, content: string, attributes = ""): string =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`

const round = (value: number): number => Math.round(value * 10) / 10

/** A part of the picture and how high it is. */
interface Part {
  readonly height: number
  readonly draw: (y: number) => string
}

const heading = ({ name, status, title, why }: Outcome): Part => ({
  height: status === "measured" ? 40 : 58,
  draw: (y) =>
    text(16, y + 30, `${name}: ${title}`, `font-weight="600"`) +
    (status === "measured" ? "" : text(28, y + 50, `${status}: ${why ?? ""}`, `fill="${faint}"`))
})

/**
 * A bar as long as the median of the rounds, with their spread on it; `greatest` is what fills the
 * width.
 */
const bar = (measurement: Measurement, greatest: number): Part => {
  const { against, unit, values, what } = measurement
  const spread = spreadOf(values)
  const ratio = ratioOf(measurement)
  const at = (value: number) => labels + Math.max(0, Number.isFinite(value) && greatest > 0 ? value / greatest * bars : 0)
  const told = `${short(spread.median)} ${unit}${ratio === undefined ? "" : `, ${short(ratio.median)} of ${against?.what}`}`
  return {
    height: lineHeight,
    draw: (y) => {
      const middle = y + lineHeight / 2
      return text(labels - 8, middle + 4, what, `text-anchor="end"`) +
        `<rect x="${labels}" y="${y + 4}" width="${round(Math.max(1, at(spread.median) - labels))}" height="12" fill="${colours[0]}"/>` +
        (values.length < 2
          ? ""
          : `<path d="M${round(at(spread.least))} ${middle}H${round(at(spread.greatest))}" stroke="${ink}" stroke-width="2"/>`) +
        text(Math.max(at(spread.median), at(spread.greatest)) + 8, middle + 4, told, `fill="${ink}"`)
    }
  }
}

const chart = ({ lines, title, unit }: Series): Part => {
  const points = lines.flatMap((line) => line.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
  const seconds = Math.max(1, ...points.map(([x]) => x))
  const greatest = Math.max(1, ...points.map(([, y]) => y))
  const across = width - labels - 260
  return {
    height: chartHeight + 50,
    draw: (y) => {
      const [left, top, bottom] = [labels, y + 24, y + 24 + chartHeight]
      const curves = lines.map(({ name, points }, index) => {
        const colour = colours[index % colours.length] ?? ink
        const path = points.filter((point) => point.every(Number.isFinite))
          .map(([at, value], nth) =>
            `${nth === 0 ? "M" : "L"}${round(left + at / seconds * across)} ${round(bottom - value / greatest * chartHeight)}`
          ).join("")
        return (path === "" ? "" : `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`) +
          text(left + across + 10, top + 14 + index * 18, name, `fill="${colour}"`)
      })
      return text(left, y + 14, title, `fill="${faint}"`) +
        `<path d="M${left} ${top}V${bottom}H${left + across}" fill="none" stroke="${faint}"/>` +
        text(left - 8, top + 8, `${short(greatest)} ${unit}`, `text-anchor="end" fill="${faint}"`) +
        text(left - 8, bottom, "0", `text-anchor="end" fill="${faint}"`) +
        text(left + across, bottom + 16, `${seconds.toFixed(0)} s`, `text-anchor="end" fill="${faint}"`) + curves.join("")
    }
  }
}

/**
 * What was found as a picture: a bar for each measurement, of one length for one value within a row
 * and unit, and a chart for what was watched over time.
 */
export const resultPicture = (outcomes: ReadonlyArray<Outcome>, description: ReadonlyArray<string>): string => {
  const parts = outcomes.flatMap((outcome): ReadonlyArray<Part> => {
    const greatest = new Map<string, number>()
    for (const { unit, values } of outcome.measurements) {
      greatest.set(unit, Math.max(greatest.get(unit) ?? 0, ...values.filter(Number.isFinite)))
    }
    return [
      heading(outcome),
      ...outcome.measurements.map((measurement) => bar(measurement, greatest.get(measurement.unit) ?? 0)),
      ...(outcome.series ?? []).map(chart)
    ]
  })
  let y = 34 + description.length * 18
  const drawn = parts.map(({ draw, height }) => {
    const part = draw(y)
    y += height
    return part
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 20}" viewBox="0 0 ${width} ${
      y + 20
    }" font-family="system-ui, sans-serif" font-size="12" fill="${ink}">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(16, 26, "playtally, measured", `font-size="16" font-weight="700"`),
    ...description.map((line, index) => text(16, 46 + index * 18, line, `fill="${faint}"`)),
    ...drawn,
    "</svg>",
    ""
  ].join("\n")
}
