import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { AuditLog } from "../../operators/AuditLog.ts"
import { type ApiKey, ApiKeys } from "../../tenants/ApiKeys.ts"
import type { Scope, Tenant } from "../../tenants/Tenant.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { confirmation, confirmed, csrfField } from "../markup/confirmation.ts"
import { type Html, html } from "../markup/html.ts"
import { tenantPages } from "../markup/layout.ts"
import { moment } from "../markup/moment.ts"
import { badRequest, ConsoleProblem, noSuchPage } from "../requests/ConsoleProblem.ts"
import { type ConsoleRequest, goTo, page } from "../requests/ConsoleRequest.ts"
import { operatorRoute } from "../requests/ConsoleRoute.ts"

const path = "/console/tenants"
const pathOf = (tenant: string) => `${path}/${encodeURIComponent(tenant)}`
const scopes: ReadonlyArray<Scope> = ["ingest", "read", "admin"]
/** The characters of a name. */
const longestName = 200

/** The tenants, and a form for another one. */
const tenantsPage = operatorRoute({
  path: "/tenants",
  answer: Effect.fnUntraced(function*(request) {
    const all = yield* (yield* Tenants).list
    return page({ title: "Tenants", section: path, body: listBody(request, all) })
  })
})

const listBody = (request: ConsoleRequest, all: ReadonlyArray<Tenant>): Html =>
  html`<h1>Tenants</h1>
<p class="lead">A tenant is a brand with its own players and keys. It sees nothing of the others.</p>
<div class="wide"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Days begin in</th><th scope="col">Weeks begin on</th><th scope="col">Pages</th></tr></thead>
<tbody>${
    all.map(({ name, timeZone, weekStart }) =>
      html`<tr><th scope="row"><a href="${pathOf(name)}">${name}</a></th><td>${timeZone}</td><td>${weekdays[weekStart - 1]}</td>
<td class="links">${tenantPages(name).map((entry) => html`<a href="${entry.path}">${entry.name}</a> `)}</td></tr>`
    )
  }</tbody></table></div>
<section aria-labelledby="new"><h2 id="new">A new tenant</h2>
<form method="post" action="${path}" class="fields">${csrfField(request)}
  <label>Name <input name="name" required maxlength="${longestName}" autocomplete="off"></label>
  <label>Time zone <input name="time_zone" required value="UTC" autocomplete="off"></label>
  <button>Create the tenant</button>
</form></section>`

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

const createTenant = operatorRoute({
  method: "POST",
  path: "/tenants",
  answer: Effect.fnUntraced(function*({ form, viewer }) {
    const name = yield* nameOf(form.get("name"))
    const timeZone = form.get("time_zone")?.trim() ?? ""
    const { create } = yield* Tenants
    const { record } = yield* AuditLog
    yield* record(viewer, { action: "create tenant", target: name }, create(name, timeZone)).pipe(
      Effect.catchTags({
        TenantExists: () => Effect.fail(new ConsoleProblem({ status: 409, title: "Not created", detail: `There is a tenant "${name}".` })),
        UnknownTimeZone: ({ message }) => Effect.fail(new ConsoleProblem({ status: 422, title: "Not created", detail: message }))
      })
    )
    return goTo(pathOf(name))
  })
})

const nameOf = (given: string | null) => {
  const name = given?.trim() ?? ""
  return name === "" || name.length > longestName
    ? Effect.fail(badRequest(`A name has 1 to ${longestName} characters.`))
    : Effect.succeed(name)
}

const find = Effect.fnUntraced(function*({ param }: ConsoleRequest) {
  const name = param("name")
  return yield* Effect.catchTag(
    (yield* Tenants).get(name),
    "TenantNotFound",
    () => Effect.fail(noSuchPage(`There is no tenant "${name}".`))
  )
})

/** A tenant with its keys. */
const tenantPage = operatorRoute({
  path: "/tenants/:name",
  answer: Effect.fnUntraced(function*(request) {
    const tenant = yield* find(request)
    const keys = yield* (yield* ApiKeys).list(tenant)
    return page({ title: tenant.name, section: path, body: tenantBody(request, tenant, keys) })
  })
})

const tenantBody = (request: ConsoleRequest, tenant: Tenant, keys: ReadonlyArray<ApiKey>, made?: Html): Html =>
  html`<h1>${tenant.name}</h1>
<p class="lead">Days begin in ${tenant.timeZone}, weeks on ${weekdays[tenant.weekStart - 1]}.
${tenantPages(tenant.name).map((entry) => html`<a href="${entry.path}">${entry.name}</a> `)}</p>
${made}
<h2>Keys</h2>
<div class="wide"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Scopes</th><th scope="col">Made</th><th scope="col">State</th><th scope="col"><span class="unseen">Change</span></th></tr></thead>
<tbody>${
    keys.map((key) =>
      html`<tr><th scope="row">${key.name}</th><td>${key.scopes.join(", ")}</td><td>${moment(key.createdAt)}</td>
<td>${
        key.revokedAt === null
          ? html`<span class="badge good">valid</span>`
          : html`<span class="badge">revoked</span> ${moment(key.revokedAt)}`
      }</td>
<td>${
        key.revokedAt === null
          ? confirmation(request, {
            action: `${pathOf(tenant.name)}/keys/${key.apiKeyId}/revoke`,
            does: "Revoke",
            says: html`<p>Every request with the key is refused within 2 seconds, for good. Sessions that it opened end.</p>`,
            word: key.name
          })
          : undefined
      }</td></tr>`
    )
  }</tbody></table></div>
<section aria-labelledby="new"><h2 id="new">A new key</h2>
<form method="post" action="${pathOf(tenant.name)}/keys" class="fields">${csrfField(request)}
  <label>Name <input name="name" required maxlength="${longestName}" autocomplete="off"></label>
  <fieldset><legend>Scopes</legend>${
    scopes.map((scope) => html`<label class="choice"><input type="checkbox" name="scope" value="${scope}"> ${scope}</label>`)
  }</fieldset>
  <button>Make the key</button>
</form></section>`

/** Makes a key, and shows it: this page is the only place that ever has it. */
const createKey = operatorRoute({
  method: "POST",
  path: "/tenants/:name/keys",
  answer: Effect.fnUntraced(function*(request) {
    const tenant = yield* find(request)
    const name = yield* nameOf(request.form.get("name"))
    const chosen = scopes.filter((scope) => request.form.getAll("scope").includes(scope))
    if (chosen.length === 0) return yield* badRequest("Choose at least one scope.")
    const keys = yield* ApiKeys
    const { record } = yield* AuditLog
    const change = { action: "create key", target: `${name} (${chosen.join(", ")})`, tenantId: tenant.tenantId }
    const { key } = yield* record(request.viewer, change, keys.create(tenant, name, chosen))
    const made = html`<div class="panel made" role="status"><h2>The new key</h2><p><code class="secret">${Redacted.value(key)}</code></p>
<p>Copy it now. It is shown here once and kept nowhere.</p></div>`
    return page({ title: tenant.name, section: path, body: tenantBody(request, tenant, yield* keys.list(tenant), made) })
  })
})

const revokeKey = operatorRoute({
  method: "POST",
  path: "/tenants/:name/keys/:id/revoke",
  answer: Effect.fnUntraced(function*(request) {
    const tenant = yield* find(request)
    const keys = yield* ApiKeys
    const key = (yield* keys.list(tenant)).find(({ apiKeyId }) => apiKeyId === request.param("id"))
    if (key === undefined) return yield* noSuchPage("The tenant has no such key.")
    yield* confirmed(request, key.name)
    const { record } = yield* AuditLog
    yield* record(
      request.viewer,
      { action: "revoke key", target: key.name, tenantId: tenant.tenantId },
      keys.revoke(tenant, key.apiKeyId)
    ).pipe(Effect.catchTag("ApiKeyNotFound", () => Effect.fail(noSuchPage("The tenant has no such key."))))
    return goTo(pathOf(tenant.name))
  })
})

/** The tenants with their keys. */
export const tenantRoutes = [tenantsPage, createTenant, tenantPage, createKey, revokeKey]
