import * as Effect from "effect/Effect"
import { Jobs } from "../../../jobs/Jobs.ts"
import type { ListedVersion } from "../../../projections/versions/listVersions.ts"
import { ProjectionVersions } from "../../../projections/versions/ProjectionVersions.ts"
import { confirmation } from "../../markup/confirmation.ts"
import { grouped } from "../../markup/figure.ts"
import { html } from "../../markup/html.ts"
import { noSuchPage } from "../../requests/ConsoleProblem.ts"
import { page } from "../../requests/ConsoleRequest.ts"
import { operatorRoute } from "../../requests/ConsoleRoute.ts"
import { jobsTable } from "./jobsTable.ts"
import { kindNames, projectionOf } from "./jobStatus.ts"
import { parkedTable } from "./parkedTable.ts"
import { parkedPath, projectionPath, projectionsPath } from "./paths.ts"
import { versionPanel } from "./versionPanel.ts"
import { versionsTable } from "./versionsTable.ts"

/** The parked users and the jobs that the page of a projection shows. */
const shown = { parked: 10, jobs: 10 } as const

/** One projection: its versions, and what can be done with each. */
export const projectionPage = operatorRoute({
  path: "/projections/:name",
  answer: Effect.fnUntraced(function*(request) {
    const name = request.param("name")
    const { list, parked } = yield* ProjectionVersions
    const versions = (yield* list).filter((version) => version.name === name).toReversed()
    if (versions.length === 0) return yield* noSuchPage(`The database knows no projection "${name}".`)
    const users = yield* parked(name)
    const jobs = (yield* (yield* Jobs).list).filter((job) => projectionOf(job) === name && job.kind in kindNames)
    const isRead = ({ state }: ListedVersion) => state === "Active" || state === "PartlyActive"
    // While a switch has not ended, each of two versions is read by some.
    const activeBeside = (version: ListedVersion) =>
      versions.find((other) => other !== version && isRead(other)) ?? (isRead(version) ? version : undefined)
    const previous = versions.find(({ isPrevious }) => isPrevious)
    return page({
      title: name,
      section: projectionsPath,
      body: html`<p><a href="${projectionsPath}">Projections</a></p><h1>${name}</h1>
${versionsTable(versions)}
${versions.map((version) => versionPanel(request, { version, active: activeBeside(version), previous, jobs }))}
${
        users.length === 0 ? undefined : html`<section aria-labelledby="parked"><h2 id="parked">Parked users</h2>
${parkedTable(users.slice(0, shown.parked))}
${users.length > shown.parked ? html`<p><a href="${parkedPath(name)}">All of them</a></p>` : undefined}
${
          confirmation(request, {
            action: `${projectionPath(name)}/unpark`,
            does: "Unpark them",
            says: html`<p>Folds all events of the ${grouped(users.length)} users above again, with the code of now.
Their numbers change to what the events say. Who still cannot be folded stays parked.</p>`,
            word: name
          })
        }</section>`
      }
${
        jobs.length === 0
          ? undefined
          : html`<section aria-labelledby="jobs"><h2 id="jobs">Jobs</h2>${jobsTable(jobs.slice(0, shown.jobs))}</section>`
      }`
    })
  })
})
