import type { SlicePosition } from "../../../event-log/RecordedEvent.ts"
import { type Content, type Html, html } from "../../markup/html.ts"
import { tenantRoot } from "../../markup/layout.ts"

/** Where the events of a tenant are, which is also their entry in the navigation. */
export const eventsPath = (tenant: string): string => `${tenantRoot(tenant)}/events`

/** Where an event of the log is. */
export const eventPath = (tenant: string, { position, slice }: SlicePosition): string => `${eventsPath(tenant)}/${slice}/${position}`

/** A link to an event. */
export const eventLink = (tenant: string, place: SlicePosition, text: Content): Html =>
  html`<a href="${eventPath(tenant, place)}">${text}</a>`
