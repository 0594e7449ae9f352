import type { ListedJob } from "../../../jobs/Jobs.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { jobPath } from "./jobPaths.ts"
import { jobBadge, kindNames } from "./jobStatus.ts"
import { isSample } from "./standing.ts"

/** Jobs with their states, the newest first. */
export const jobsTable = (jobs: ReadonlyArray<ListedJob>): Html =>
  html`<div class="wide"><table>
<thead><tr><th scope="col">Job</th><th scope="col">Of</th><th scope="col">Started</th><th scope="col">State</th></tr></thead>
<tbody>${
    jobs.map((job) =>
      html`<tr><th scope="row"><a href="${jobPath(job.id)}">${kindNames[job.kind] ?? "Job"}${isSample(job) ? " of a sample" : ""}</a></th>
<td>${job.subject}</td><td>${moment(job.startedAt)}</td><td>${jobBadge(job)}</td></tr>`
    )
  }</tbody></table></div>`
