import type { KeptRejection, Reason } from "../../../ingest/rejected/keptRejections.ts"
import { tenantRoot } from "../../markup/layout.ts"

/** The page of a tenant's rejected items, and the entry of the navigation. */
export const rejectedPath = (tenant: string): string => `${tenantRoot(tenant)}/rejected`

/** The page of one item. */
export const itemPath = (tenant: string, { hash, reason }: Pick<KeptRejection, "hash" | "reason">): string =>
  `${rejectedPath(tenant)}/${reason}/${hash}`

/** The page of a replay. */
export const replayPath = (tenant: string, id: number): string => `${rejectedPath(tenant)}/replays/${id}`

/** What a reason means, in words. */
export const reasonNames: Readonly<Record<Reason, string>> = {
  invalid: "invalid",
  idempotency_conflict: "same id, other content"
}
