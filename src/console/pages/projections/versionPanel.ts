import type { ListedJob } from "../../../jobs/Jobs.ts"
import { versionId } from "../../../projections/feed/VersionRef.ts"
import type { ListedVersion } from "../../../projections/versions/listVersions.ts"
import { confirmation, csrfField } from "../../markup/confirmation.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import type { ConsoleRequest } from "../../requests/ConsoleRequest.ts"
import { jobPath } from "./jobPaths.ts"
import { kindNames } from "./jobStatus.ts"
import { projectionPath, versionPath } from "./paths.ts"
import { lastComparison } from "./standing.ts"
import { stateBadges } from "./versionsTable.ts"

/** A version among those of its projection. */
export interface Standing {
  readonly version: ListedVersion
  readonly active: ListedVersion | undefined
  readonly previous: ListedVersion | undefined
  readonly jobs: ReadonlyArray<ListedJob>
}

/** A version, and what can be done with it now. */
export const versionPanel = (request: ConsoleRequest, standing: Standing): Html => {
  const { jobs, version } = standing
  const running = jobs.find(({ state, subject }) => state === "Running" && subject === versionId(version))
  return html`<section class="panel version" aria-labelledby="v${version.version}">
<h2 id="v${version.version}">v${version.version} ${stateBadges(version)}</h2>
${
    version.code === "NotInThisCode"
      ? html`<p>The code of this service has no such version, so it can do nothing with it.
If no other code needs it, code that has it can remove it.</p>`
      : version.code === "FailsOnSampleLog"
      ? html`<p>Its fold or its section throws on the sample log, so the service leaves it alone. The log of the service says why.</p>`
      : html`${
        version.isSourceChanged
          ? html`<p>Its source changed, and the sample log shows no difference. Verify it: without a difference, this note goes.</p>`
          : undefined
      }${
        running === undefined
          ? work(request, standing)
          : html`<p><a href="${jobPath(running.id)}">${kindNames[running.kind] ?? "Job"}</a> <span class="badge warning">running</span></p>`
      }${changes(request, standing)}`
  }</section>`
}

/** What goes on in the background. */
const work = (request: ConsoleRequest, { active, version }: Standing): Html => {
  const { state } = version
  const others = active !== undefined && active !== version
  return html`<div class="work">${state === "ToBeRebuilt" ? rebuild(request, version, others) : undefined}${
    others ? compare(request, version, active) : undefined
  }${
    state === "ToBeRebuilt" ? undefined : form(request, {
      action: versionPath(version, "verify"),
      does: "Verify",
      says: "Folds the log once more beside the rows, and tells every difference. It changes nothing."
    })
  }</div>`
}

interface WorkForm {
  readonly action: string
  readonly does: string
  readonly says: string
  readonly fields?: Html
}

const form = (request: ConsoleRequest, { action, does, fields, says }: WorkForm): Html =>
  html`<form method="post" action="${action}">${
    csrfField(request)
  }<p class="note">${says}</p><div class="fields">${fields}<button>${does}</button></div></form>`

const rebuild = (request: ConsoleRequest, version: ListedVersion, isBeside: boolean): Html => {
  const [action, does] = [versionPath(version, "rebuild"), `Rebuild v${version.version}`]
  const says =
    "Makes its rows from the log in the background, and holds back while appends are slow. What was stopped goes on from where it was."
  return isBeside
    ? form(request, { action, does, says: `${says} Readers see nothing of it.` })
    : confirmation(request, {
      action,
      does,
      says: html`<p>${says}</p><p>${
        version.state === "Active"
          ? "Readers read this version, and see half a rebuild meanwhile."
          : "It becomes active at its end: no other version is."
      }</p>`,
      word: versionId(version)
    })
}

const samples = [["1", "1 % of the users"], ["10", "10 % of the users"]] as const

const compare = (request: ConsoleRequest, version: ListedVersion, active: ListedVersion): Html => {
  const isRebuilt = version.state !== "ToBeRebuilt"
  return form(request, {
    action: versionPath(version, "diff"),
    does: `Compare with v${active.version}`,
    says: isRebuilt
      ? "Shows whose numbers change, and by how much. It changes nothing, and is exact while events come in."
      : "Rebuilds the part of the sample, and shows whose numbers change there. The rebuild need not do that part again.",
    fields: html`<label>Compare <select name="sample">${isRebuilt ? html`<option value="100">all users</option>` : undefined}${
      samples.map(([value, label]) => html`<option value="${value}">${label}</option>`)
    }</select></label>`
  })
}

const switchFields = html`<p><label class="choice"><input type="checkbox" name="with_parked"> Although users are parked in it</label><br>
<label class="choice"><input type="checkbox" name="replace_views"> Remake views whose columns change; grants are kept</label></p>`

/** What changes the numbers that are read, or cannot be undone. */
const changes = (request: ConsoleRequest, standing: Standing): Html => {
  const { active, previous, version } = standing
  if (version.state === "Active") {
    return html`${
      previous === undefined ? undefined : confirmation(request, {
        action: `${projectionPath(version.name)}/rollback`,
        does: `Roll back to v${previous.version}`,
        fields: switchFields,
        says: html`<p>Readers read v${previous.version} again, which was fed all along: all of them, from one moment to the next.
v${version.version} is fed on, so the way forward stays open.</p>`,
        word: version.name
      })
    }`
  }
  return html`${version.state === "ToBeRebuilt" ? undefined : activate(request, standing)}${
    active === undefined ? undefined : confirmation(request, {
      action: versionPath(version, "remove"),
      does: `Remove v${version.version}`,
      says: html`<p>Drops its tables and forgets it, while everything else goes on. It can be made again only by a rebuild.
Code that still has it makes it known again at its next start: take it out of the catalog too.</p>`,
      word: versionId(version)
    })
  }`
}

const activate = (request: ConsoleRequest, { active, jobs, version }: Standing): Html => {
  const comparison = lastComparison(jobs, version)
  return confirmation(request, {
    action: versionPath(version, "activate"),
    does: `Activate v${version.version}`,
    fields: html`${switchFields}${
      active === undefined || comparison !== undefined
        ? undefined
        : html`<p><label class="choice"><input type="checkbox" name="uncompared"> Without a comparison of all users</label></p>`
    }`,
    says: html`<p>${
      comparison === undefined
        ? "Nobody has compared all users with the active version since the last rebuild."
        : html`<a href="${jobPath(comparison.id)}">The comparison</a> of ${moment(comparison.startedAt)} shows what changes.`
    }</p>
<p>Readers read v${version.version} from one moment to the next: no reader sees a mix, and no event is lost or counted twice.${
      active === undefined ? undefined : ` v${active.version} is fed on, for the way back.`
    }</p>`,
    word: versionId(version)
  })
}
