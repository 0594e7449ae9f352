import { parkedPage } from "./parkedPage.ts"
import { projectionPage } from "./projectionPage.ts"
import { projectionsPage } from "./projectionsPage.ts"

/** The projections and their versions. */
export const projectionRoutes = [projectionsPage, projectionPage, parkedPage]
