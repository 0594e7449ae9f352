import type { Session, Viewer } from "../../operators/Sessions.ts"
import type { Scope, Tenant } from "../../tenants/Tenant.ts"
import type { Html } from "../markup/html.ts"

/** A page, before the frame of all pages is put around it. */
export interface Page {
  readonly title: string
  /** Which entry of the navigation it belongs to: the path of that entry. */
  readonly section?: string
  readonly body: Html
}

/** What answers a request. */
export type Answer =
  | ({ readonly _tag: "Page"; readonly status?: number } & Page)
  /** A part of a page, for a page that asks for it. */
  | { readonly _tag: "Part"; readonly body: Html }
  /** The browser goes on to another page, by GET. */
  | { readonly _tag: "GoTo"; readonly path: string }

export const page = (shown: Page): Answer => ({ _tag: "Page", ...shown })
export const part = (body: Html): Answer => ({ _tag: "Part", body })
export const goTo = (path: string): Answer => ({ _tag: "GoTo", path })

/**
 * Who may ask.
 *
 * - `Operator`: the operator alone.
 * - `Anybody`: who is signed in, with whatever key.
 * - a scope: the operator, and who has a key of the tenant in the path with that scope. The path
 *   has `:tenant`.
 */
export type Access = "Operator" | "Anybody" | Scope

/** A request that may be answered: its viewer has the access, its form is the page's own. */
export interface ConsoleRequest {
  readonly session: Session
  readonly viewer: Viewer
  /** A parameter of the path, decoded. */
  readonly param: (name: string) => string
  readonly query: URLSearchParams
  /** The fields of the form of a POST. */
  readonly form: URLSearchParams
}

/** The same, about the tenant in the path. */
export interface TenantRequest extends ConsoleRequest {
  readonly tenant: Tenant
}

/** Whether the viewer may do what the scope permits to this tenant. */
export const isAllowed = (viewer: Viewer, tenant: Tenant, scope: Scope): boolean =>
  viewer._tag === "Operator" || (viewer.principal.tenant.tenantId === tenant.tenantId && viewer.principal.scopes.has(scope))
