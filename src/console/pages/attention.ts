import * as Effect from "effect/Effect"
import type { Finding } from "../../database/doctor/Finding.ts"
import { readinessNow } from "../../http/service/readyz.ts"
import { greatestOf, type Metrics, sumOf } from "../live/parseMetrics.ts"
import { type Content, type Html, html } from "../markup/html.ts"
import { figure } from "../markup/numbers.ts"

/** Something that wants the operator, with what mends it. */
interface Concern {
  readonly level: "warning" | "bad"
  readonly says: string
  readonly mend: Content
}

const command = (text: string): Html => html`<code>npm run cli -- ${text}</code>`

/** What needs the operator now. It never fails: a database that does not answer is such a thing. */
export const concernsNow = Effect.fnUntraced(function*(metrics: Metrics) {
  const { checks, whyNot } = yield* readinessNow
  const { gaps } = checks.projections
  const reasons = [...new Set([...whyNot("ingestion"), ...whyNot("reading")])]
  const parked = greatestOf(metrics, "playtally_projection_parked_users") ?? 0
  const unfed = greatestOf(metrics, "playtally_projection_unfed_versions") ?? 0
  const uncounted = sumOf(metrics, "playtally_uncounted_events_total")
  const lost = sumOf(metrics, "playtally_lost_events_total")
  const concerns: Array<Concern> = reasons.map((says) => ({
    level: "bad",
    says,
    mend: gaps.length > 0 && /is missing in the log/.test(says)
      ? html`${command("events verify")} says what is missing, and <a href="/console/health">Health</a> whether the database lost it.`
      : html`<a href="/console/health">Health</a> says what the database lacks.`
  }))
  if (lost > 0) {
    concerns.push({
      level: "bad",
      says: `${figure(lost)} acknowledged events were lost by PostgreSQL.`,
      mend:
        html`Have the sender send the last minutes again. <a href="/console/health">Health</a> says which setting lets PostgreSQL lose them.`
    })
  }
  if (parked > 0) {
    concerns.push({
      level: "warning",
      says: `${figure(parked)} users are parked: a fold failed on one of their events.`,
      mend: html`Mend the fold, then ${command("projections unpark")} or <a href="/console/projections">Projections</a>.`
    })
  }
  if (unfed > 0) {
    concerns.push({
      level: "warning",
      says: `${figure(unfed)} versions of projections wait for a rebuild.`,
      mend: html`${command("projections rebuild --all")} or <a href="/console/projections">Projections</a>.`
    })
  }
  if (uncounted > 0) {
    concerns.push({
      level: "warning",
      says: `${figure(uncounted)} events were stored since the start that no projection counts.`,
      mend: html`${command("events uncounted")} says which words the sender spells otherwise.`
    })
  }
  return concerns
})

/** The list of concerns, or that there is none. */
export const concernList = (concerns: ReadonlyArray<Concern>): Html =>
  html`<ul class="attention">${
    concerns.length === 0
      ? html`<li class="good">Nothing needs you.</li>`
      : concerns.map(({ level, mend, says }) => html`<li class="${level}"><strong>${says}</strong> ${mend}</li>`)
  }</ul>`

/** A finding of the doctor as a concern. */
export const concernOf = ({ level, mend, says, subject }: Finding): Concern => ({
  level: level === "wrong" ? "bad" : "warning",
  says: `${subject}: ${says}.`,
  mend: mend === undefined ? undefined : html`Mends it: <code>${mend}</code>`
})
