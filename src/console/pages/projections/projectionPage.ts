import * as Effect from "effect/Effect"
import { ProjectionVersions } from "../../../projections/versions/ProjectionVersions.ts"
import { html } from "../../markup/html.ts"
import { noSuchPage } from "../../requests/ConsoleProblem.ts"
import { page } from "../../requests/ConsoleRequest.ts"
import { operatorRoute } from "../../requests/ConsoleRoute.ts"
import { parkedTable } from "./parkedTable.ts"
import { parkedPath, projectionsPath } from "./paths.ts"
import { versionsTable } from "./versionsTable.ts"

/** The parked users that the page of a projection shows. */
const parkedShown = 10

/** One projection: its versions, and what can be done with each. */
export const projectionPage = operatorRoute({
  path: "/projections/:name",
  answer: Effect.fnUntraced(function*({ param }) {
    const name = param("name")
    const { list, parked } = yield* ProjectionVersions
    const versions = (yield* list).filter((version) => version.name === name)
    if (versions.length === 0) return yield* noSuchPage(`The database knows no projection "${name}".`)
    const users = yield* parked(name)
    return page({
      title: name,
      section: projectionsPath,
      body: html`<p><a href="${projectionsPath}">Projections</a></p><h1>${name}</h1>
${versionsTable(versions)}
${
        users.length === 0 ? undefined : html`<section aria-labelledby="parked"><h2 id="parked">Parked users</h2>
${parkedTable(users.slice(0, parkedShown))}
${users.length > parkedShown ? html`<p><a href="${parkedPath(name)}">All of them</a></p>` : undefined}</section>`
      }`
    })
  })
})
