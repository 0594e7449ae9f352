import * as Effect from "effect/Effect"
import { formatCounterPath, valueKind } from "../../counters/history/counterPath.ts"
import { versionId } from "../../projections/feed/VersionRef.ts"
import { maxRowsOfUser } from "../../projections/versions/compareSections.ts"
import type { Comparison } from "../../projections/versions/compareWithActive.ts"
import { hasSameRows, isEmptyDiff, type LargestChange, type VersionDiff } from "../../projections/versions/diffVersions.ts"
import { sourceChanged } from "../../projections/versions/ProjectionCatalog.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { formatTable } from "../formatTable.ts"

type Compared = Omit<Comparison, "changedSources">

/** A comparison in words and tables. */
export const describe = Effect.fnUntraced(function*({ after, before, changedSources, diff }: Comparison) {
  const lines = [
    ...isEmptyDiff(diff)
      ? [`${versionId(after)} gives all ${diff.users} users compared the same numbers as v${before.version}.`]
      : [...(yield* describeRows({ before, after, diff })), ...describeSections({ before, after, diff })],
    ...leftOut(diff)
  ]
  return changedSources.length === 0 ? lines : [...lines, "", ...changedSources.map(sourceChanged)]
})

/** The users who are not in the comparison. */
const leftOut = ({ parkedUsers, sections: { tooLarge } }: VersionDiff): ReadonlyArray<string> => [
  ...parkedUsers === 0 ? [] : [`Users left out, who are parked in one of the versions: ${parkedUsers}`],
  ...tooLarge === 0 ? [] : [`Users of whom only rows were compared, for they have more than ${maxRowsOfUser}: ${tooLarge}`]
]

/** What readers get, path by path, with some of the users. */
const describeSections = ({ after, before, diff: { sections } }: Compared): ReadonlyArray<string> => {
  if (sections.changedUsers === 0) {
    return [
      "",
      `All ${sections.users} users compared get the same section from v${before.version} and v${after.version}.`
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

const describeRows = Effect.fnUntraced(function*({ after, before, diff }: Compared) {
  if (hasSameRows(diff)) {
    return [`${versionId(after)} has the same rows as v${before.version} for all ${diff.users} users compared.`]
  }
  const names = new Map((yield* (yield* Tenants).list).map(({ name, tenantId }) => [tenantId, name]))
  /**
   * The command that explains a number, if it stands in the counters document under the row's key.
   */
  const explain = ({ column, key, tenantId, userId }: LargestChange) => {
    const { name, separateDocument, section } = after
    if (separateDocument === true || valueKind(section.schema.ast, [...key, column]) === undefined) return []
    return [["explain", ...[names.get(tenantId) ?? tenantId, userId, formatCounterPath([name, ...key, column])].map(quoted)].join(" ")]
  }
  const isExplained = diff.largest.some((change) => explain(change).length > 0)
  return [
    `${versionId(after)} changes ${diff.changedUsers} of the ${diff.users} users compared with v${before.version}.`,
    ...diff.addedRows === 0 ? [] : [`Rows that only v${after.version} has: ${diff.addedRows}`],
    ...diff.removedRows === 0 ? [] : [`Rows that only v${before.version} has: ${diff.removedRows}`],
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
