import { auditPage } from "./pages/audit.ts"
import { eventRoutes } from "./pages/events/eventRoutes.ts"
import { healthPage } from "./pages/health.ts"
import { leaderboardsPage } from "./pages/leaderboards.ts"
import { overviewRoutes } from "./pages/overview.ts"
import { playerRoutes } from "./pages/players/playerRoutes.ts"
import { projectionRoutes } from "./pages/projections/projectionRoutes.ts"
import { rejectedRoutes } from "./pages/rejected/rejectedRoutes.ts"
import { tenantRoutes } from "./pages/tenants.ts"
import type { ConsoleRoute } from "./requests/ConsoleRoute.ts"

const all = [
  ...overviewRoutes,
  ...playerRoutes,
  ...eventRoutes,
  ...rejectedRoutes,
  leaderboardsPage,
  ...projectionRoutes,
  ...tenantRoutes,
  healthPage,
  auditPage
]

/** What the routes of a list need, together. */
type ServicesOf<Route> = Route extends ConsoleRoute<infer R> ? R : never

/** All pages and changes of the console, beside its entrance. */
export const consoleRoutes: ReadonlyArray<ConsoleRoute<ServicesOf<typeof all[number]>>> = all
