import * as Effect from "effect/Effect"
import { Jobs, type NewJob } from "../../../jobs/Jobs.ts"
import { AuditLog } from "../../../operators/AuditLog.ts"
import { versionId, type VersionRef } from "../../../projections/feed/VersionRef.ts"
import { ProjectionVersions } from "../../../projections/versions/ProjectionVersions.ts"
import type { ConsoleWork } from "../../jobs/runJob.ts"
import { confirmed } from "../../markup/confirmation.ts"
import { badRequest, ConsoleProblem, noSuchPage } from "../../requests/ConsoleProblem.ts"
import { type ConsoleRequest, goTo } from "../../requests/ConsoleRequest.ts"
import { operatorRoute } from "../../requests/ConsoleRoute.ts"
import { jobPath } from "./jobPaths.ts"
import { projectionPath } from "./paths.ts"
import { explainRefusal } from "./refusals.ts"
import { isCompared } from "./standing.ts"

/** The version that a path names, if the database knows it. */
const versionOf = Effect.fnUntraced(function*({ param }: ConsoleRequest) {
  const [name, number] = [param("name"), param("version")]
  const found = (yield* (yield* ProjectionVersions).list).find((version) => version.name === name && String(version.version) === number)
  return found ?? (yield* noSuchPage(`The database knows no version ${number} of "${name}".`))
})

/** Starts a job, and goes to its page. */
const startJob = Effect.fnUntraced(function*({ viewer }: ConsoleRequest, { says, subject, work }: {
  readonly says: string
  readonly subject: string
  readonly work: ConsoleWork
}) {
  const job: NewJob = { ...work, subject }
  const { record } = yield* AuditLog
  const id = yield* record(viewer, { action: says, target: subject }, (yield* Jobs).start(job)).pipe(explainRefusal)
  return goTo(jobPath(id))
})

const refOf = ({ name, version }: VersionRef) => ({ name, version })

const rebuild = operatorRoute({
  method: "POST",
  path: "/projections/:name/:version/rebuild",
  answer: Effect.fnUntraced(function*(request) {
    const version = yield* versionOf(request)
    const all = yield* (yield* ProjectionVersions).list
    // Readers see what it does.
    if (!all.some(({ name, state }) => name === version.name && state === "Active") || version.state === "Active") {
      yield* confirmed(request, versionId(version))
    }
    return yield* startJob(request, {
      says: "rebuild version",
      subject: versionId(version),
      work: { kind: "rebuild", input: refOf(version) }
    })
  })
})

const compare = operatorRoute({
  method: "POST",
  path: "/projections/:name/:version/diff",
  answer: Effect.fnUntraced(function*(request) {
    const version = yield* versionOf(request)
    const sample = Number(request.form.get("sample") ?? "100")
    if (!(sample > 0 && sample <= 100)) return yield* badRequest("A sample is a part of the users, above 0 and at most 100 percent.")
    if (version.state === "ToBeRebuilt" && sample === 100) {
      return yield* badRequest("A version that is to be rebuilt can be compared by a sample.")
    }
    return yield* startJob(request, {
      says: "compare version",
      subject: versionId(version),
      work: { kind: "diff", input: { ...refOf(version), ...sample === 100 ? {} : { sample: sample / 100 } } }
    })
  })
})

const verify = operatorRoute({
  method: "POST",
  path: "/projections/:name/:version/verify",
  answer: Effect.fnUntraced(function*(request) {
    const version = yield* versionOf(request)
    return yield* startJob(request, {
      says: "verify version",
      subject: versionId(version),
      work: { kind: "verify", input: refOf(version) }
    })
  })
})

const unpark = operatorRoute({
  method: "POST",
  path: "/projections/:name/unpark",
  answer: Effect.fnUntraced(function*(request) {
    const name = request.param("name")
    yield* confirmed(request, name)
    return yield* startJob(request, { says: "unpark users", subject: name, work: { kind: "unpark", input: { name } } })
  })
})

/** The options of a switch, as its form gives them. */
const optionsOf = (form: URLSearchParams) => ({ withParked: form.has("with_parked"), replaceViews: form.has("replace_views") })

const activate = operatorRoute({
  method: "POST",
  path: "/projections/:name/:version/activate",
  answer: Effect.fnUntraced(function*(request) {
    const version = yield* versionOf(request)
    yield* confirmed(request, versionId(version))
    const jobs = yield* (yield* Jobs).list
    const isOther = (yield* (yield* ProjectionVersions).list).some(({ name, state }) => name === version.name && state === "Active")
    if (isOther && version.state !== "Active" && !isCompared(jobs, version) && !request.form.has("uncompared")) {
      return yield* new ConsoleProblem({
        status: 409,
        title: "Not compared",
        detail: `Nothing was changed: nobody has compared all users of ${versionId(version)} with the active version.`,
        advice: "Compare the versions first, or say that you activate it without a comparison."
      })
    }
    const { activate } = yield* ProjectionVersions
    const { record } = yield* AuditLog
    yield* record(
      request.viewer,
      { action: "activate version", target: versionId(version) },
      activate(refOf(version), { ...optionsOf(request.form), acceptChanges: true })
    ).pipe(explainRefusal)
    return goTo(projectionPath(version.name))
  })
})

const rollback = operatorRoute({
  method: "POST",
  path: "/projections/:name/rollback",
  answer: Effect.fnUntraced(function*(request) {
    const name = request.param("name")
    yield* confirmed(request, name)
    const { rollback } = yield* ProjectionVersions
    const { record } = yield* AuditLog
    yield* record(request.viewer, { action: "roll back projection", target: name }, rollback(name, optionsOf(request.form))).pipe(
      explainRefusal
    )
    return goTo(projectionPath(name))
  })
})

const remove = operatorRoute({
  method: "POST",
  path: "/projections/:name/:version/remove",
  answer: Effect.fnUntraced(function*(request) {
    const version = yield* versionOf(request)
    yield* confirmed(request, versionId(version))
    const { remove } = yield* ProjectionVersions
    const { record } = yield* AuditLog
    yield* record(request.viewer, { action: "remove version", target: versionId(version) }, remove(refOf(version))).pipe(explainRefusal)
    return goTo(projectionPath(version.name))
  })
})

/** What changes versions. */
export const projectionChanges = [rebuild, compare, verify, unpark, activate, rollback, remove]
