import { maxRowsOfUser } from "../../../projections/versions/compareSections.ts"
import { hasSameRows, isEmptyDiff, type LargestChange, type VersionDiff } from "../../../projections/versions/diffVersions.ts"
import { sourceChanged } from "../../../projections/versions/ProjectionCatalog.ts"
import type { DiffReport } from "../../jobs/JobReports.ts"
import { grouped, signed } from "../../markup/figure.ts"
import { type Content, type Html, html } from "../../markup/html.ts"
import { playerPath, projectionPath } from "./paths.ts"
import { sizeCharts } from "./sizeChart.ts"

/** What a version changes against the active one: counts, sizes, and the largest changes. */
export const diffReport = (
  name: string,
  { after, before, changedSources, diff, sample }: DiffReport,
  tenantNames: ReadonlyMap<string, string>
): Html => {
  const player = ({ tenantId, userId }: { readonly tenantId: string; readonly userId: string }): Html => {
    const tenant = tenantNames.get(tenantId)
    return tenant === undefined ? html`${userId}` : html`<a href="${playerPath(tenant, userId)}">${userId}</a>`
  }
  return html`<p>${
    isEmptyDiff(diff)
      ? html`<span class="badge good">no change</span> v${after} gives all ${
        grouped(diff.users)
      } users compared the same numbers as v${before}.`
      : html`<span class="badge warning">changes numbers</span> v${after} changes rows of ${grouped(diff.changedUsers)} of the ${
        grouped(diff.users)
      } users compared with v${before}. ${grouped(diff.sections.changedUsers)} of them get another section.`
  }${sample === undefined ? undefined : html` A sample of ${Math.round(sample * 1000) / 10} % was compared.`} <a href="${
    projectionPath(name)
  }">To the versions of ${name}</a></p>
${leftOut(diff)}
${changedSources.map((version) => html`<p>${sourceChanged(version)}</p>`)}
${hasSameRows(diff) ? undefined : rows({ before, after, diff })}
${sizeCharts(diff)}
${diff.largest.length === 0 ? undefined : largest(diff.largest, player)}
${diff.sections.changedUsers === 0 ? undefined : sections(diff, player)}`
}

const leftOut = ({ parkedUsers, sections: { tooLarge } }: VersionDiff): Html =>
  html`${parkedUsers === 0 ? undefined : html`<p>${grouped(parkedUsers)} users were left out, who are parked in one of the versions.</p>`}${
    tooLarge === 0
      ? undefined
      : html`<p>Of ${grouped(tooLarge)} users only rows were compared, for they have more than ${grouped(maxRowsOfUser)}.</p>`
  }`

const number = (text: string | null, write: (text: string) => string = grouped): Content => text === null ? "–" : write(text)

const rows = ({ after, before, diff }: Pick<DiffReport, "before" | "after" | "diff">): Html =>
  html`<section aria-labelledby="columns"><h2 id="columns">Columns</h2>
<p>${
    [
      ...diff.addedRows === 0 ? [] : [`${grouped(diff.addedRows)} rows are only in v${after}.`],
      ...diff.removedRows === 0 ? [] : [`${grouped(diff.removedRows)} rows are only in v${before}.`],
      ...diff.addedColumns.length === 0 ? [] : [`New columns: ${diff.addedColumns.join(", ")}.`],
      ...diff.removedColumns.length === 0 ? [] : [`Columns gone: ${diff.removedColumns.join(", ")}.`]
    ].join(" ")
  }</p>
<div class="wide"><table><thead><tr><th scope="col">Column</th><th scope="col" class="number">Rows that differ</th>
<th scope="col" class="number">Least change</th><th scope="col" class="number">Greatest change</th><th scope="col" class="number">Sum of changes</th></tr></thead>
<tbody>${
    diff.columns.filter((column) => column.rows > 0).map(({ column, greatest, least, rows, total }) =>
      html`<tr><th scope="row">${column}</th><td class="number">${grouped(rows)}</td><td class="number">${number(least, signed)}</td>
<td class="number">${number(greatest, signed)}</td><td class="number">${number(total, signed)}</td></tr>`
    )
  }</tbody></table></div></section>`

type Player = (user: { readonly tenantId: string; readonly userId: string }) => Html

const largest = (changes: ReadonlyArray<LargestChange>, player: Player): Html => {
  const hasKeys = changes.some(({ key }) => key.length > 0)
  return html`<section aria-labelledby="largest"><h2 id="largest">The largest changes</h2>
<div class="wide"><table><thead><tr><th scope="col">Player</th>${
    hasKeys ? html`<th scope="col">Row</th>` : undefined
  }<th scope="col">Column</th>
<th scope="col" class="number">Before</th><th scope="col" class="number">After</th><th scope="col" class="number">Change</th></tr></thead>
<tbody>${
    changes.map((change) =>
      html`<tr><th scope="row">${player(change)}</th>${
        hasKeys ? html`<td>${change.key.join(" ")}</td>` : undefined
      }<td>${change.column}</td>
<td class="number">${number(change.before)}</td><td class="number">${number(change.after)}</td>
<td class="number ${change.change.startsWith("-") ? "less" : "more"}">${signed(change.change)}</td></tr>`
    )
  }</tbody></table></div></section>`
}

const sections = ({ sections }: VersionDiff, player: Player): Html =>
  html`<section aria-labelledby="sections"><h2 id="sections">What readers get</h2>
<p>Each place of the counters document that changes, with some of the players. A star stands for a key, such as a currency.</p>
<div class="wide"><table><thead><tr><th scope="col">Place</th><th scope="col" class="number">Users</th><th scope="col">Such as</th>
<th scope="col">At</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
<tbody>${
    sections.paths.flatMap(({ path, sample, users }) =>
      sample.map((change, nth) =>
        html`<tr>${
          nth === 0
            ? html`<th scope="rowgroup" rowspan="${sample.length}">${path === "" ? "(all)" : path}</th>
<td class="number" rowspan="${sample.length}">${grouped(users)}</td>`
            : undefined
        }<td>${player(change)}</td><td><code>${change.at === "" ? "(all)" : change.at}</code></td>
<td><code>${change.before ?? "–"}</code></td><td><code>${change.after ?? "–"}</code></td></tr>`
      )
    )
  }</tbody></table></div>
${sections.hasMorePaths ? html`<p>And at more places.</p>` : undefined}</section>`
