import type { Session } from "../../operators/Sessions.ts"
import type { AssetPaths } from "../ConsoleAssets.ts"
import type { Page } from "../requests/ConsoleRequest.ts"
import { csrfField } from "./confirmation.ts"
import { type Html, html } from "./html.ts"

interface Entry {
  readonly path: string
  readonly name: string
}

/** The pages of a tenant. */
export const tenantPages = (tenant: string): ReadonlyArray<Entry> => {
  const root = tenantRoot(tenant)
  return [
    { path: `${root}/players`, name: "Players" },
    { path: `${root}/events`, name: "Events" },
    { path: `${root}/rejected`, name: "Rejected" },
    { path: `${root}/leaderboards`, name: "Leaderboards" }
  ]
}

/** Where the pages of a tenant are. */
export const tenantRoot = (tenant: string): string => `/console/t/${encodeURIComponent(tenant)}`

const operatorPages: ReadonlyArray<Entry> = [
  { path: "/console/overview", name: "Overview" },
  { path: "/console/projections", name: "Projections" },
  { path: "/console/tenants", name: "Tenants" },
  { path: "/console/health", name: "Health" },
  { path: "/console/audit", name: "Audit" }
]

/** What the frame is put around with: none of it for who is not signed in. */
export interface Frame {
  readonly assets: AssetPaths
  readonly session: Session | undefined
  /** The tenant whose pages are open. */
  readonly tenant: string | undefined
}

/** The frame of all pages: the head, the navigation, and the page in it. */
export const layout = ({ assets, session, tenant }: Frame, { body, section, title }: Page): Html =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="htmx-config" content="${htmxConfig}">
<title>${title} · playtally</title>
<link rel="icon" href="${assets.icon}">
<link rel="stylesheet" href="${assets.style}">
<script src="${assets.htmx}" defer></script>
<script src="${assets.sse}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the page</a>
<header>
  <a class="brand" href="/console"><img src="${assets.icon}" alt="" width="20" height="20"> playtally</a>
  ${session === undefined ? undefined : navigation(session, tenant, section)}
</header>
<main id="main" tabindex="-1">
${body}
</main>
</body>
</html>`

/** htmx does what the pages say and nothing else: no code in attributes, no scripts in answers. */
const htmxConfig = JSON.stringify({
  includeIndicatorStyles: false,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  historyRestoreAsHxRequest: false,
  // A part that cannot be shown says so in its place.
  responseHandling: [{ code: "204", swap: false }, { code: ".*", swap: true }]
})

const navigation = (session: Session, tenant: string | undefined, section: string | undefined): Html => {
  const { viewer } = session
  const shown = viewer._tag === "Operator" ? tenant : viewer.principal.tenant.name
  const list = (entries: ReadonlyArray<Entry>) =>
    html`<ul>${
      entries.map(({ name, path }) =>
        html`<li><a href="${path}"${path === section ? html` aria-current="page"` : undefined}>${name}</a></li>`
      )
    }</ul>`
  return html`<nav aria-label="Main">
    ${viewer._tag === "Operator" ? list(operatorPages) : undefined}
    ${
    shown === undefined
      ? undefined
      : html`<div class="of-tenant"><span class="tenant" title="Tenant">${shown}</span>${list(tenantPages(shown))}</div>`
  }
  </nav>
  <form class="sign-out" method="post" action="/console/sign-out">
    ${csrfField({ session })}
    <span>${viewer._tag === "Operator" ? "operator" : viewer.principal.keyName}</span>
    <button class="quiet">Sign out</button>
  </form>`
}
