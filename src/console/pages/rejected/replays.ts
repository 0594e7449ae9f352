import * as Effect from "effect/Effect"
import { reasons } from "../../../ingest/rejected/keptRejections.ts"
import { type Job, Jobs } from "../../../jobs/Jobs.ts"
import { AuditLog } from "../../../operators/AuditLog.ts"
import type { ReplayOutcome, ReplayWork } from "../../jobs/runReplay.ts"
import { confirmed } from "../../markup/confirmation.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { noSuchPage } from "../../requests/ConsoleProblem.ts"
import { goTo, page, part, type TenantRequest } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { jobBadge, progressOf } from "../projections/jobStatus.ts"
import { explainRefusal } from "../projections/refusals.ts"
import { findItem } from "./itemPage.ts"
import { reasonNames, rejectedPath, replayPath } from "./rejectedPaths.ts"

const start = Effect.fnUntraced(function*({ tenant, viewer }: TenantRequest, target: string, input: Omit<ReplayWork["input"], "tenant">) {
  const { record } = yield* AuditLog
  const work: ReplayWork = { kind: "replay", input: { tenant: tenant.name, ...input } }
  const id = yield* record(
    viewer,
    { action: "replay rejected", target, tenantId: tenant.tenantId },
    (yield* Jobs).start({ ...work, subject: `replay ${tenant.tenantId}` })
  ).pipe(explainRefusal)
  return goTo(replayPath(tenant.name, id))
})

const replayAll = tenantRoute({
  method: "POST",
  path: "/rejected/replay",
  scope: "admin",
  answer: Effect.fnUntraced(function*(request) {
    yield* confirmed(request, request.tenant.name)
    const reason = reasons.find((each) => each === request.form.get("reason"))
    return yield* start(request, reason === undefined ? "all" : reasonNames[reason], reason === undefined ? {} : { reason })
  })
})

const replayOne = tenantRoute({
  method: "POST",
  path: "/rejected/:reason/:hash/replay",
  scope: "admin",
  answer: Effect.fnUntraced(function*(request) {
    const { hash, reason } = yield* findItem(request)
    yield* confirmed(request, request.tenant.name)
    return yield* start(request, `item ${hash.slice(0, 12)}`, { hash, reason })
  })
})

/** The replay that a path names, if it is of the tenant. */
const find = Effect.fnUntraced(function*({ param, tenant }: TenantRequest) {
  const id = param("id")
  const job = /^\d{1,15}$/.test(id) ? yield* (yield* Jobs).find(Number(id)) : undefined
  return job === undefined || job.subject !== `replay ${tenant.tenantId}`
    ? yield* noSuchPage("There is no such replay, or none any more.")
    : job
})

/** What a replay has done so far. While it runs, the page asks for this again. */
const status = ({ tenant }: TenantRequest, job: Job): Html => {
  if (job.state === "Running") {
    return html`<div class="job" hx-get="${replayPath(tenant.name, job.id)}/status" hx-trigger="load delay:1s" hx-swap="outerHTML">
<p>${jobBadge(job)}</p>${progressOf(job)}</div>`
  }
  const back = html`<p><a href="${rejectedPath(tenant.name)}">To the rejected items</a></p>`
  if (job.state !== "Done" || job.outcome === null) {
    return html`<div class="job"><p>${jobBadge(job)}</p>${job.problem === undefined ? undefined : html`<p>${job.problem}</p>`}
<p>What was stored by then is stored. Replay the others again: what the log has already counts once.</p>${back}</div>`
  }
  const { cut, duplicates, refusedAgain, stored } = job.outcome as ReplayOutcome
  return html`<div class="job"><p>${jobBadge(job)}</p><div class="cards">
<div class="card"><div class="label">Stored</div><div class="figure">${grouped(stored)}</div></div>
<div class="card"><div class="label">In the log already</div><div class="figure">${grouped(duplicates)}</div></div>
<div class="card"><div class="label">Refused again</div><div class="figure">${grouped(refusedAgain)}</div></div>
<div class="card"><div class="label">Kept in part only</div><div class="figure">${grouped(cut)}</div></div></div>${back}</div>`
}

const replayPage = tenantRoute({
  path: "/rejected/replays/:id",
  scope: "read",
  answer: Effect.fnUntraced(function*(request) {
    const job = yield* find(request)
    return page({
      title: "Replay",
      section: rejectedPath(request.tenant.name),
      body: html`<p><a href="${rejectedPath(request.tenant.name)}">Rejected items</a></p><h1>Replay</h1>${status(request, job)}`
    })
  })
})

const replayStatus = tenantRoute({
  path: "/rejected/replays/:id/status",
  scope: "read",
  isRenewal: true,
  answer: Effect.fnUntraced(function*(request) {
    return part(status(request, yield* find(request)))
  })
})

/** Replays of rejected items: of one, of a reason, or of all. */
export const replayRoutes = [replayAll, replayOne, replayPage, replayStatus]
