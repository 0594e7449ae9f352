import type { ProjectionBehind, ProjectionParked } from "../counters/Snapshots.ts"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import * as Problems from "./problems.ts"
import { serverProblem } from "./serverProblem.ts"

/** What is answered where projections cannot be read, for `Effect.catchTags`. */
export const readingProblems = {
  ProjectionBehind: ({ waited }: ProjectionBehind) =>
    serverProblem(new Problems.ProjectionBehind({ detail: `They were waited for ${waited} s.` })),
  ProjectionParked: ({ projections, userId }: ProjectionParked) =>
    serverProblem(new Problems.ProjectionParked({ user_id: userId, projections })),
  DatabaseUnavailable: (error: DatabaseUnavailable) => serverProblem(new Problems.Unavailable({}), error)
}
