import type { ReadContext } from "../projection/FoldContext.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ReadRow } from "../projection/Section.ts"
import type { UserRef } from "../tables/ProjectionStore.ts"
import { type SectionDifference, sectionDifferences } from "./sectionDifferences.ts"

/** A user whose section differs at a path. */
export interface SectionChange extends UserRef, Omit<SectionDifference, "path"> {}

/** One path of the section: how many users differ there, and some of these users. */
export interface PathDiff {
  readonly path: string
  readonly users: number
  readonly sample: ReadonlyArray<SectionChange>
}

/** What two versions show to readers, compared. */
export interface SectionDiff {
  /** Users compared, and those whose sections differ anywhere. */
  readonly users: number
  readonly changedUsers: number
  /** Users left out, for they have more rows than a reader gets. */
  readonly tooLarge: number
  /** The paths, those of most users first. */
  readonly paths: ReadonlyArray<PathDiff>
  /** Set if there are paths beyond those listed. */
  readonly hasMorePaths: boolean
}

/** Most paths that are kept, and users named of each. */
const most = { paths: 100, sample: 3 } as const

/**
 * Compares what two versions show of one user after the other. It keeps a bounded number of paths
 * and users.
 */
export class SectionComparison {
  tooLarge = 0
  private users = 0
  private changedUsers = 0
  private hasMorePaths = false
  private readonly paths = new Map<string, { users: number; readonly sample: Array<SectionChange> }>()
  private readonly before: AnyProjection
  private readonly after: AnyProjection

  constructor(before: AnyProjection, after: AnyProjection) {
    this.before = before
    this.after = after
  }

  add(user: UserRef, context: ReadContext, { after, before }: Readonly<Record<"before" | "after", ReadonlyArray<ReadRow>>>): void {
    this.users++
    const [old, now] = [sectionOf(this.before, before, context), sectionOf(this.after, after, context)]
    const differences = sectionDifferences(this.after.section.schema.ast, old, now)
    if (differences.length > 0) this.changedUsers++
    for (const { path, ...change } of differences) {
      const known = this.paths.get(path)
      if (known === undefined && this.paths.size === most.paths) {
        this.hasMorePaths = true
        continue
      }
      const { sample, users } = known ?? { users: 0, sample: [] }
      if (sample.length < most.sample) sample.push({ tenantId: user.tenantId, userId: user.userId, ...change })
      this.paths.set(path, { users: users + 1, sample })
    }
  }

  get diff(): SectionDiff {
    const { changedUsers, hasMorePaths, tooLarge, users } = this
    const paths = [...this.paths].map(([path, { sample, users }]) => ({ path, users, sample })).sort((a, b) => b.users - a.users)
    return { users, changedUsers, tooLarge, paths, hasMorePaths }
  }
}

/** What two versions show to some users, and to others besides. */
export const addSections = (one: SectionDiff, other: SectionDiff): SectionDiff => {
  const paths = new Map(one.paths.map((path) => [path.path, path]))
  for (const { path, sample, users } of other.paths) {
    const own = paths.get(path) ?? { path, users: 0, sample: [] }
    paths.set(path, { path, users: own.users + users, sample: [...own.sample, ...sample].slice(0, most.sample) })
  }
  const sorted = [...paths.values()].sort((a, b) => b.users - a.users)
  return {
    users: one.users + other.users,
    changedUsers: one.changedUsers + other.changedUsers,
    tooLarge: one.tooLarge + other.tooLarge,
    paths: sorted.slice(0, most.paths),
    hasMorePaths: one.hasMorePaths || other.hasMorePaths || sorted.length > most.paths
  }
}

/** What a section begins with that could not be made. */
const failing = "present fails: "

/** Whether {@link sectionOf} says that a section could not be made. */
export const isFailing = (section: unknown): section is string => typeof section === "string" && section.startsWith(failing)

/** What a version shows of rows; what it fails with, if it does. */
export const sectionOf = ({ section }: AnyProjection, rows: ReadonlyArray<ReadRow>, context: ReadContext): unknown => {
  try {
    return section.present(rows, context)
  } catch (error) {
    return failing + String(error)
  }
}
