/** Colours that are read on light and on dark pages; the page shows through. */
const style = `
  text { font: 14px system-ui, sans-serif; fill: #24292f; text-anchor: middle; dominant-baseline: central }
  .small { font-size: 12px; fill: #57606a }
  .box { fill: #f6f8fa; stroke: #8c959f }
  .pure { fill: #dafbe1; stroke: #4ac26b }
  .kept { fill: #ddf4ff; stroke: #54aeff }
  .arrow { fill: none; stroke: #8c959f }
  .head { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .box { fill: #21262d; stroke: #6e7681 }
    .pure { fill: #12361f; stroke: #2ea043 }
    .kept { fill: #0c2d4d; stroke: #1f6feb }
    .arrow { stroke: #6e7681 }
    .head { fill: #6e7681 }
  }
`

/** A picture of shapes, with a title for those who hear it. */
export const svg = (width: number, height: number, title: string, shapes: ReadonlyArray<string>): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<style>${style}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
${shapes.join("\n")}
</svg>
`

/** A box around a centre, with a name and perhaps a line in smaller letters. */
export const box = (
  { height = 36, kind = "box", name, note, width, x, y }: {
    readonly x: number
    readonly y: number
    readonly width: number
    readonly height?: number
    readonly kind?: "box" | "pure" | "kept"
    readonly name: string
    readonly note?: string
  }
): string =>
  `<rect class="${kind}" x="${x - width / 2}" y="${y - height / 2}" width="${width}" height="${height}" rx="6"/>` +
  `<text x="${x}" y="${note === undefined ? y : y - 9}">${name}</text>` +
  (note === undefined ? "" : `<text class="small" x="${x}" y="${y + 10}">${note}</text>`)

/** An arrow along a path. */
export const arrow = (path: string): string => `<path class="arrow" marker-end="url(#head)" d="${path}"/>`

/** Smaller words beside an arrow. */
export const note = (x: number, y: number, text: string): string => `<text class="small" x="${x}" y="${y}">${text}</text>`
