import { jobRoutes } from "./jobPages.ts"
import { parkedPage } from "./parkedPage.ts"
import { projectionChanges } from "./projectionChanges.ts"
import { projectionPage } from "./projectionPage.ts"
import { projectionsPage } from "./projectionsPage.ts"

/** The projections and their versions. */
export const projectionRoutes = [projectionsPage, projectionPage, parkedPage, ...jobRoutes, ...projectionChanges]
