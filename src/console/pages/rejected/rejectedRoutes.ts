import { itemPage } from "./itemPage.ts"
import { rejectedPage } from "./rejectedPage.ts"
import { replayRoutes } from "./replays.ts"

/** What was refused, and its replay. */
export const rejectedRoutes = [rejectedPage, itemPage, ...replayRoutes]
