import { PgClient } from "@effect/sql-pg"
import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { formatCounterPath, valueKind } from "../../counters/counterPath.ts"
import { EventLog } from "../../event-log/EventLog.ts"
import type { ProjectionStore } from "../../projections/tables/ProjectionStore.ts"
import { maxRowsOfUser } from "../../projections/versions/compareSections.ts"
import { diffVersions, hasSameRows, isEmptyDiff, type LargestChange, type VersionDiff } from "../../projections/versions/diffVersions.ts"
import { ProjectionCatalog, sourceChanged } from "../../projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../projections/versions/rebuild.ts"
import { slicesWithEvents } from "../../projections/versions/slicesWithEvents.ts"
import { versionStates } from "../../projections/versions/versions.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { formatTable } from "../formatTable.ts"
import { print } from "../print.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { activeStoreOf, nameOfProjection, NoSuchProjection, storeOf, title, versionFlag } from "./projectionVersion.ts"
import { endProgress, showProgress } from "./rebuildProgress.ts"

/**
 * `projections diff NAME`: whose numbers a version changes, and by how much; with `--sample 1%` in
 * seconds, from a part of the users.
 */
export const diff = Command.make(
  "diff",
  {
    name: nameOfProjection,
    version: versionFlag,
    sample: Flag.String("sample").pipe(
      Flag.withDescription("Compare only a part of the users, say 1%, after rebuilding just theirs"),
      Flag.filterMap(
        (text) =>
          /^\d{1,3}(\.\d+)?%$/.test(text) && Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 100
            ? Option.some(Number.parseFloat(text) / 100)
            : Option.none(),
        (text) => `Expected a percentage such as 1%, got "${text}"`
      ),
      Flag.optional
    )
  },
  Effect.fnUntraced(
    function*({ name, sample, version }) {
      const { before, diff, after } = yield* compare(name, version, sample)
      yield* print(...(yield* describe(before, after, diff)))
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Show what a version changes against the active one"))

/**
 * The difference between the active version and another; a version that is not rebuilt can only be
 * sampled.
 */
export const compare = Effect.fnUntraced(function*(name: string, version: Option.Option<number>, sample: Option.Option<number>) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const before = yield* activeStoreOf(name)
  const after = yield* storeOf(name, version)
  if (before === undefined || before === after) {
    return yield* new NoSuchProjection({
      message: `${title(after)} has no other version to be compared with that is active and in this code.`
    })
  }
  const all = yield* slicesWithEvents(sql)
  // Every nth slice: users are spread over the slices by a hash, so any of them are as good a
  // sample as others.
  const nth = Option.match(sample, { onNone: () => 1, onSome: (part) => Math.max(1, Math.round(1 / part)) })
  const slices = all.filter((_, index) => index % nth === 0)
  const state = (yield* versionStates(sql)).find((known) => known.projection === name && known.version === after.projection.version)
  if (state?.state !== "following") {
    if (Option.isNone(sample)) {
      return yield* new CommandFailed({
        message: `${title(after)} has not been rebuilt: projections rebuild ${name}, or compare a part with --sample 1%.`
      })
    }
    yield* rebuild({ sql, log }, [after], { slices, onProgress: yield* showProgress })
    yield* endProgress
  }
  return { before, after, diff: yield* diffVersions({ sql, log }, { before, after }, slices) }
})

/** A comparison in words and tables. */
export const describe = Effect.fnUntraced(function*(before: ProjectionStore, after: ProjectionStore, diff: VersionDiff) {
  const { changedSources } = yield* ProjectionCatalog
  const lines = [
    ...isEmptyDiff(diff)
      ? [`${title(after)} gives all ${diff.users} users compared the same numbers as v${before.projection.version}.`]
      : [...(yield* describeRows(before, after, diff)), ...describeSections(before, after, diff)],
    ...leftOut(diff)
  ]
  const changed = (yield* changedSources).filter((store) => store === before || store === after)
  return changed.length === 0 ? lines : [...lines, "", ...changed.map(({ projection }) => sourceChanged(projection))]
})

/** Who is not in the comparison. */
const leftOut = ({ parkedUsers, sections: { tooLarge } }: VersionDiff): ReadonlyArray<string> => [
  ...parkedUsers === 0 ? [] : [`Users left out, who are parked in one of the versions: ${parkedUsers}`],
  ...tooLarge === 0 ? [] : [`Users of whom only rows were compared, for they have more than ${maxRowsOfUser}: ${tooLarge}`]
]

/** What readers get, path by path, with some of the users. */
const describeSections = (before: ProjectionStore, after: ProjectionStore, { sections }: VersionDiff): ReadonlyArray<string> => {
  if (sections.changedUsers === 0) {
    return [
      "",
      `All ${sections.users} users compared get the same section from v${before.projection.version} and v${after.projection.version}.`
    ]
  }
  return [
    "",
    `${sections.changedUsers} of the ${sections.users} users compared get another section:`,
    ...formatTable(
      ["PATH", "USERS", "SUCH AS", "AT", "BEFORE", "AFTER"],
      sections.paths.flatMap(({ path, sample, users }) =>
        sample.map(({ after, at, before, userId }, index) => [
          ...index === 0 ? [path === "" ? "(all)" : path, String(users)] : ["", ""],
          userId,
          at === "" ? "(all)" : at,
          before ?? "-",
          after ?? "-"
        ])
      )
    ),
    ...sections.hasMorePaths ? ["And at more paths."] : []
  ]
}

const describeRows = Effect.fnUntraced(function*(before: ProjectionStore, after: ProjectionStore, diff: VersionDiff) {
  if (hasSameRows(diff)) {
    return [`${title(after)} has the same rows as v${before.projection.version} for all ${diff.users} users compared.`]
  }
  const names = new Map((yield* (yield* Tenants).list).map(({ name, tenantId }) => [tenantId, name]))
  /**
   * The command that explains a number, if it stands in the counters document under the row's key.
   */
  const explain = ({ column, key, tenantId, userId }: LargestChange) => {
    const { name, separateDocument, section } = after.projection
    if (separateDocument === true || valueKind(section.schema.ast, [...key, column]) === undefined) return []
    return [["explain", ...[names.get(tenantId) ?? tenantId, userId, formatCounterPath([name, ...key, column])].map(quoted)].join(" ")]
  }
  const isExplained = diff.largest.some((change) => explain(change).length > 0)
  return [
    `${title(after)} changes ${diff.changedUsers} of the ${diff.users} users compared with v${before.projection.version}.`,
    ...diff.addedRows === 0 ? [] : [`Rows that only v${after.projection.version} has: ${diff.addedRows}`],
    ...diff.removedRows === 0 ? [] : [`Rows that only v${before.projection.version} has: ${diff.removedRows}`],
    ...diff.addedColumns.length === 0 ? [] : [`New columns: ${diff.addedColumns.join(", ")}`],
    ...diff.removedColumns.length === 0 ? [] : [`Columns gone: ${diff.removedColumns.join(", ")}`],
    "",
    ...formatTable(
      ["COLUMN", "ROWS", "LEAST", "GREATEST", "TOTAL CHANGE"],
      diff.columns.filter(({ rows }) => rows > 0).map((
        { column, greatest, least, rows, total }
      ) => [column, String(rows), least ?? "-", greatest ?? "-", total ?? "-"])
    ),
    ...diff.largest.length === 0 ? [] : [
      "",
      `The largest changes${isExplained ? ", each with what explains the number of today" : ""}:`,
      ...formatTable(
        ["USER", "KEY", "COLUMN", "BEFORE", "AFTER", ...isExplained ? ["EXPLAIN"] : []],
        diff.largest.map((change) => [
          change.userId,
          change.key.join(" "),
          change.column,
          change.before ?? "-",
          change.after ?? "-",
          ...explain(change)
        ])
      )
    ]
  ]
})

const quoted = (text: string): string => /^[\w.:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
