import { eventPage } from "./eventPage.ts"
import { eventsPage, newestEventsPart } from "./eventsPage.ts"

/** The log of a tenant, and single events of it. */
export const eventRoutes = [eventsPage, newestEventsPart, eventPage]
