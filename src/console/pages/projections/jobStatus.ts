import type { Job, ListedJob } from "../../../jobs/Jobs.ts"
import type { DiffReport, RebuildReport, UnparkReport, VerifyReport } from "../../jobs/JobReports.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { diffReport } from "./diffReport.ts"
import { parkedPath, projectionPath } from "./paths.ts"

/** What a job of each kind does, for a title. */
export const kindNames: Readonly<Record<string, string>> = {
  rebuild: "Rebuild",
  diff: "Comparison",
  verify: "Verification",
  unpark: "Unparking"
}

/** The projection that a job is about. */
export const projectionOf = ({ subject }: Pick<ListedJob, "subject">): string => subject.split(" ")[0] ?? subject

const badges = {
  Running: html`<span class="badge warning">running</span>`,
  Done: html`<span class="badge good">done</span>`,
  Failed: html`<span class="badge bad">failed</span>`,
  Stopped: html`<span class="badge">stopped</span>`,
  Lost: html`<span class="badge bad">lost its process</span>`
}

/** The state of a job. */
export const jobBadge = ({ state }: Pick<ListedJob, "state">): Html => badges[state]

/** The part of a job's page that changes: how far it is, or what came of it. */
export const jobStatus = (job: Job, tenantNames: ReadonlyMap<string, string>): Html =>
  html`<p>${jobBadge(job)}</p>${
    job.state === "Running"
      ? progressOf(job)
      : job.problem !== undefined
      ? html`<div class="panel problem"><p>${job.problem}</p></div>${goesOn(job)}`
      : job.state === "Done" && job.outcome !== null
      ? reportOf(job, tenantNames)
      : goesOn(job)
  }`

/** How far a job is. */
export const progressOf = ({ progress }: Pick<ListedJob, "progress">): Html => {
  if (progress === undefined) return html`<p>Its thread is starting.</p>`
  const { done, heldBack = 0, perSecond, phase, total, unit } = progress
  const left = perSecond > 0 ? Math.ceil((total - done) / perSecond) : undefined
  return html`<p><strong>${phase}</strong></p>
<progress aria-label="${phase}" value="${done}" max="${Math.max(1, total)}"></progress>
<p class="figures">${grouped(done)} of ${grouped(total)} ${unit}${
    perSecond >= 1 ? html` · ${grouped(Math.round(perSecond))} ${unit} a second` : undefined
  }${left === undefined || left === 0 ? undefined : html` · ${grouped(left)} s left`}</p>
${
    heldBack < 0.01
      ? undefined
      : html`<p><span class="badge warning">held back</span> Appends are slow, so it waits ${Math.round(heldBack * 100)} % of the time.</p>`
  }`
}

const goesOn = ({ kind, state }: ListedJob): Html | undefined =>
  state === "Done"
    ? undefined
    : kind === "rebuild"
    ? html`<p>Start it again, and it goes on from where it was.</p>`
    : html`<p>Start it again.</p>`

/** What came of a job. The outcome is what `runJob` made for the kind. */
const reportOf = (job: Job, tenantNames: ReadonlyMap<string, string>): Html => {
  const name = projectionOf(job)
  const back = html`<a href="${projectionPath(name)}">${name}</a>`
  switch (job.kind) {
    case "rebuild": {
      const { activeVersion, done, isFirst, total } = job.outcome as RebuildReport
      return html`<p>${grouped(done)} of ${grouped(total)} events are folded. The version is fed with the others from now on.</p>
${
        isFirst
          ? html`<p>It is the first version of ${back}, so it is active now.</p>`
          : html`<p>Next: compare it with v${activeVersion} on the page of ${back}.</p>`
      }`
    }
    case "diff":
      return diffReport(name, job.outcome as DiffReport, tenantNames)
    case "verify": {
      const { events, findings, first, parked, users } = job.outcome as VerifyReport
      return html`<p>${grouped(events)} events of ${grouped(users)} users were folded beside the rows. ${
        grouped(parked)
      } users were left out, who are parked.</p>
${
        findings === 0
          ? html`<p><span class="badge good">no difference</span> The rows are what the log says.</p>`
          : html`<p><span class="badge bad">${grouped(findings)} differences</span>
<code>npm run cli -- projections rebuild ${name} --tenant TENANT --user USER</code> puts one user right.</p><ul>${
            first.map((finding) => html`<li>${finding}</li>`)
          }</ul>`
      }`
    }
    case "unpark": {
      const { freed, stillParked } = job.outcome as UnparkReport
      return html`<p>${grouped(freed)} users are fed again.</p>${
        stillParked === 0
          ? undefined
          : html`<p>${grouped(stillParked)} still cannot be folded: <a href="${
            parkedPath(name)
          }">the list of parked users</a> says why.</p>`
      }`
    }
    default:
      return html`<p>It is done.</p>`
  }
}
