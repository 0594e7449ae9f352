import * as Effect from "effect/Effect"
import { ProjectionVersions } from "../../../projections/versions/ProjectionVersions.ts"
import { html } from "../../markup/html.ts"
import { page } from "../../requests/ConsoleRequest.ts"
import { operatorRoute } from "../../requests/ConsoleRoute.ts"
import { parkedTable } from "./parkedTable.ts"
import { parkedPath, projectionPath, projectionsPath } from "./paths.ts"

const pageSize = 100

/** Everybody who is parked, in the versions of one projection or of all. */
export const parkedPage = operatorRoute({
  path: "/parked",
  answer: Effect.fnUntraced(function*({ query }) {
    const name = query.get("projection") ?? undefined
    const from = /^\d{1,6}$/.test(query.get("from") ?? "") ? Number(query.get("from")) : 0
    const users = yield* (yield* ProjectionVersions).parked(name)
    const shown = users.slice(from, from + pageSize)
    const next = `${parkedPath(name)}${name === undefined ? "?" : "&"}from=${from + pageSize}`
    return page({
      title: "Parked users",
      section: projectionsPath,
      body: html`<h1>Parked users${name === undefined ? undefined : html` of <a href="${projectionPath(name)}">${name}</a>`}</h1>
<p class="lead">A fold failed on one of their events. Their numbers in that version stand still, and everybody else's go on.
After the fold was mended, the page of the projection takes them back.</p>
${shown.length === 0 ? html`<p class="empty">Nobody is parked${from === 0 ? "" : " beyond those"}.</p>` : parkedTable(shown)}
${users.length > from + pageSize ? html`<p><a href="${next}">Next</a></p>` : undefined}`
    })
  })
})
