import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Job, Jobs } from "../../../jobs/Jobs.ts"
import { AuditLog } from "../../../operators/AuditLog.ts"
import { Tenants } from "../../../tenants/Tenants.ts"
import { csrfField } from "../../markup/confirmation.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { noSuchPage } from "../../requests/ConsoleProblem.ts"
import { type ConsoleRequest, goTo, page } from "../../requests/ConsoleRequest.ts"
import { liveRoute, operatorRoute } from "../../requests/ConsoleRoute.ts"
import { jobPath } from "./jobPaths.ts"
import { jobStatus, kindNames, projectionOf } from "./jobStatus.ts"
import { projectionPath, projectionsPath } from "./paths.ts"

/** How often the page of a job is told how far it is. */
const tellEvery = "1 second"

const noSuchJob = () => noSuchPage("There is no such job, or none any more: the last two hundred are kept.")

const find = Effect.fnUntraced(function*({ param }: ConsoleRequest) {
  const id = param("id")
  const job = /^\d{1,15}$/.test(id) ? yield* (yield* Jobs).find(Number(id)) : undefined
  // A replay of rejected items has a page of its own.
  return job !== undefined && job.kind in kindNames ? job : yield* noSuchJob()
})

const tenantNames = Effect.gen(function*() {
  const tenants = yield* (yield* Tenants).list
  return new Map<string, string>(tenants.map(({ name, tenantId }) => [tenantId, name]))
})

/** The part of the page that changes. */
const statusOf = (request: ConsoleRequest, job: Job, names: ReadonlyMap<string, string>): Html =>
  html`<p class="lead">Started ${moment(job.startedAt)}${
    job.endedAt === undefined ? undefined : html`, ended ${moment(job.endedAt)}`
  }.</p>${jobStatus(job, names)}${
    job.state === "Running"
      ? html`<p class="note">It goes on if this page is closed. It ends with the process of the service that does it.</p>
<form method="post" action="${jobPath(job.id)}/stop">${csrfField(request)}<button class="quiet">Stop it</button></form>`
      : undefined
  }`

/** How far a job is, and what came of it. */
const jobPage = operatorRoute({
  path: "/jobs/:id",
  answer: Effect.fnUntraced(function*(request) {
    const job = yield* find(request)
    const status = statusOf(request, job, yield* tenantNames)
    const title = `${kindNames[job.kind] ?? "Job"} of ${job.subject}`
    const name = projectionOf(job)
    return page({
      title,
      section: projectionsPath,
      body: html`<p><a href="${projectionsPath}">Projections</a> / <a href="${projectionPath(name)}">${name}</a></p><h1>${title}</h1>
${
        job.state === "Running"
          ? html`<div class="job" hx-ext="sse" sse-connect="${jobPath(job.id)}/live" sse-close="over" sse-swap="job">${status}</div>`
          : html`<div class="job">${status}</div>`
      }`
    })
  })
})

const liveJob = liveRoute({
  path: "/jobs/:id/live",
  parts: Effect.fnUntraced(function*(request) {
    const { find: findJob } = yield* Jobs
    const { id } = yield* find(request)
    const names = yield* tenantNames
    return Stream.paginate(0, (nth: number) =>
      Effect.gen(function*() {
        if (nth > 0) yield* Effect.sleep(tellEvery)
        const job = yield* findJob(id)
        if (job === undefined) return yield* noSuchJob()
        const part = { event: "job", body: statusOf(request, job, names) }
        return [[part], job.state === "Running" ? Option.some(nth + 1) : Option.none()] as const
      }))
  })
})

const stopJob = operatorRoute({
  method: "POST",
  path: "/jobs/:id/stop",
  answer: Effect.fnUntraced(function*(request) {
    const { id, kind, subject } = yield* find(request)
    const { record } = yield* AuditLog
    yield* record(request.viewer, { action: `stop ${kind}`, target: subject }, (yield* Jobs).stop(id))
    return goTo(jobPath(id))
  })
})

/** The jobs that the pages of projections start. */
export const jobRoutes = [jobPage, liveJob, stopJob]
