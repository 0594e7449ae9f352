import { hash } from "node:crypto"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"

/** What stands for a user in the lists of a job: a hash, so that the list itself names nobody. */
export const userKey = ({ tenantId, userId }: { readonly tenantId: TenantId; readonly userId: UserId }): string =>
  hash("sha256", `${tenantId} ${userId}`, "base64url")
