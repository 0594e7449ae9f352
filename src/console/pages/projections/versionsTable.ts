import type { ListedVersion } from "../../../projections/versions/listVersions.ts"
import { grouped } from "../../markup/figure.ts"
import { type Content, type Html, html } from "../../markup/html.ts"
import { parkedPath, projectionPath } from "./paths.ts"

/** A table of versions. The last column has what is to be done with each. */
export const versionsTable = (versions: ReadonlyArray<ListedVersion>): Html =>
  html`<div class="wide"><table>
<thead><tr><th scope="col">Projection</th><th scope="col">Version</th><th scope="col">State</th>
<th scope="col" class="number">Events folded</th><th scope="col" class="number">Behind</th><th scope="col" class="number">Parked users</th>
<th scope="col">Next</th></tr></thead>
<tbody>${
    versions.map((version) =>
      html`<tr><th scope="row"><a href="${projectionPath(version.name)}">${version.name}</a></th><td>v${version.version}</td>
<td>${stateBadges(version)}</td><td class="number">${grouped(version.done)}</td><td class="number">${grouped(version.behind)}</td>
<td class="number">${version.parked === 0n ? "0" : html`<a href="${parkedPath(version.name)}">${grouped(version.parked)}</a>`}</td><td>${
        nextOf(version)
      }</td></tr>`
    )
  }</tbody></table></div>`

/** What the operator may do next with a version. */
const nextOf = ({ code, parked, state }: ListedVersion): Content =>
  code === "Runs" && state === "ToBeRebuilt"
    ? "Rebuild it"
    : state === "PartlyActive"
    ? "Activate it again: a switch has not ended"
    : parked > 0n
    ? "See why users are parked"
    : undefined

const states = {
  Active: html`<span class="badge good">active</span>`,
  PartlyActive: html`<span class="badge warning">active for some users</span>`,
  Following: html`<span class="badge">following</span>`,
  ToBeRebuilt: html`<span class="badge warning">to be rebuilt</span>`
}

const codes = {
  Runs: undefined,
  FailsOnSampleLog: html` <span class="badge bad">fails on the sample log</span>`,
  NotInThisCode: html` <span class="badge bad">not in this code</span>`
}

/** The state of a version. */
export const stateBadges = ({ code, isPrevious, isSourceChanged, state }: ListedVersion): Html =>
  html`${states[state]}${codes[code]}${isPrevious ? html` <span class="badge">active before</span>` : undefined}${
    isSourceChanged ? html` <span class="badge warning">source changed</span>` : undefined
  }`
