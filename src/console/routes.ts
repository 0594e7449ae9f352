import { auditPage } from "./pages/audit.ts"
import { tenantRoutes } from "./pages/tenants.ts"

/** All pages and changes of the console, beside its entrance. */
export const consoleRoutes = [auditPage, ...tenantRoutes]
