import * as Brand from "effect/Brand"

/** A tenant's id: a UUID in lower case. */
export type TenantId = string & Brand.Brand<"TenantId">

/** Says that a text is a tenant's id. It checks nothing. */
export const TenantId = Brand.nominal<TenantId>()
