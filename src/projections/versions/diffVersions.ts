import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { requireServed } from "../../event-log/statements/servedSlices.ts"
import { decimalToText } from "../../values/decimalArithmetic.ts"
import { known } from "../../values/known.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import * as Checkpoints from "../feed/Checkpoints.ts"
import { feedIsolating, type FeedSource } from "../feed/feedChunk.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { compareSections, parkedUsersOf, usersOf } from "./compareSections.ts"
import { rebuildBound } from "./rebuild.ts"
import { SectionComparison, type SectionDiff } from "./SectionComparison.ts"

/**
 * How one column differs: in how many rows, and for numbers by how much. Amounts are decimal text.
 */
export interface ColumnDiff {
  readonly column: string
  readonly rows: number
  readonly least: string | null
  readonly greatest: string | null
  readonly total: string | null
}

/** One row's change of one number. */
export interface LargestChange {
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly key: ReadonlyArray<string>
  readonly column: string
  readonly before: string | null
  readonly after: string | null
  readonly change: string
}

/**
 * How many users have changes of one size in a column. A user counts once in a column, by the
 * largest change of the user's rows: of 10^`exponent` or more, and less than ten times that.
 */
export interface ChangesOfSize {
  readonly column: string
  readonly exponent: number
  /** Users whose number gets greater, and less. */
  readonly up: number
  readonly down: number
}

/** What a version changes, against another of the same projection. */
export interface VersionDiff {
  /** Users compared, and those of whom any row differs. */
  readonly users: number
  readonly changedUsers: number
  /** Users left out, for one of the versions could not fold their events. */
  readonly parkedUsers: number
  /** Rows that only one of the two has. */
  readonly addedRows: number
  readonly removedRows: number
  readonly columns: ReadonlyArray<ColumnDiff>
  /** Columns only one of the two has. */
  readonly addedColumns: ReadonlyArray<string>
  readonly removedColumns: ReadonlyArray<string>
  readonly largest: ReadonlyArray<LargestChange>
  /** The sizes of changes, by column and exponent. */
  readonly sizes: ReadonlyArray<ChangesOfSize>
  /** What readers get. */
  readonly sections: SectionDiff
}

/** Most of the largest changes that are named. */
const maxLargest = 20

/** The exponents that are told apart. Changes beyond them count as the nearest. */
const exponents = { least: -6, most: 15 } as const

/** Whether the versions have the same rows of everybody, in the same columns. */
export const hasSameRows = (diff: VersionDiff): boolean =>
  diff.changedUsers === 0 && diff.addedColumns.length === 0 && diff.removedColumns.length === 0

/** Whether the versions also show the same to all readers. */
export const isEmptyDiff = (diff: VersionDiff): boolean => hasSameRows(diff) && diff.sections.changedUsers === 0

/**
 * Compares two versions slice by slice, each slice in one transaction. It holds both checkpoints
 * and feeds the version that is behind up to the position of the other. Then it compares the rows,
 * and the sections that readers get. So it is exact while events come in, and a sample of slices is
 * as exact as all slices.
 */
export const diffVersions = (
  { log, sql }: FeedSource,
  { after, before }: { readonly before: ProjectionStore; readonly after: ProjectionStore },
  { onCompared = () => Effect.void, slices }: {
    readonly slices: ReadonlyArray<Slice>
    readonly onCompared?: (compared: { readonly done: number; readonly total: number }) => Effect.Effect<void>
  }
): Effect.Effect<VersionDiff, SqlError.SqlError> =>
  Effect.gen(function*() {
    const feed = { sql, log, stores: [before, after], bound: rebuildBound }
    const statements = diffStatements(before, after)
    const comparison = new SectionComparison(before.projection, after.projection)
    const now = yield* Clock.currentTimeMillis
    let diff = statements.empty
    for (const [nth, slice] of slices.entries()) {
      diff = yield* sql.withTransaction(Effect.gen(function*() {
        const held = yield* Checkpoints.hold(sql, [before.projection, after.projection], [slice])
        if (held.length < 2) yield* requireServed(sql, slice)
        let fed = yield* feedIsolating(feed, [slice])
        while (fed.more.length > 0) fed = yield* feedIsolating(feed, [slice])
        const [found] = yield* sql.unsafe<Record<string, unknown>>(statements.summary, [slice])
        const row = known(found, "the summary of a slice")
        const hasNoChange = statements.numbers.length === 0 || Number(row["changed"]) === 0
        const largest = hasNoChange ? [] : yield* sql.unsafe<LargestRow>(statements.largest, [slice])
        const sizes = hasNoChange ? [] : yield* sql.unsafe<ChangesOfSize>(statements.sizes, [slice])
        const [parked] = yield* sql.unsafe<{ users: number }>(statements.parked, [slice])
        yield* compareSections(sql, { before, after, comparison }, { slice, now })
        const added = add(diff, { numbers: statements.numbers, row, largest, sizes })
        return { ...added, parkedUsers: diff.parkedUsers + known(parked, "the count of parked users").users }
      }))
      yield* onCompared({ done: nth + 1, total: slices.length })
    }
    return { ...diff, sections: comparison.diff }
  })

interface LargestRow {
  readonly tenant_id: TenantId
  readonly user_id: UserId
  readonly key: ReadonlyArray<string>
  readonly column: string
  readonly before: string | null
  readonly after: string | null
  readonly change: string
}

const diffStatements = (beforeStore: ProjectionStore, afterStore: ProjectionStore) => {
  const { tables: { compared: before } } = beforeStore
  const { tables: { compared: after } } = afterStore
  const names = (columns: typeof before.columns) => columns.map(([name]) => name)
  const common = before.columns.filter(([name]) => names(after.columns).includes(name))
  const key = before.key.filter((name) => after.key.includes(name))
  const numbers = common.filter(([name, isNumber]) => isNumber && after.columns.some(([other, also]) => other === name && also)).map((
    [name]
  ) => name)
  const differs = ([name]: readonly [string, boolean]) => `o."${name}" is distinct from n."${name}"`
  const any = ["o.user_id is null", "n.user_id is null", ...common.map(differs)].join(" or ")
  const change = (name: string) => `coalesce(n."${name}", 0)::numeric - coalesce(o."${name}", 0)::numeric`
  const joined = `
    with u as materialized (${usersOf(beforeStore, afterStore, "$1")}),
    o as materialized (${before.select}), n as materialized (${after.select})`
  const join = `o full join n on ${["tenant_id", "user_id", ...key].map((name) => `o."${name}" = n."${name}"`).join(" and ")}`
  /** Each change of a number in a row. */
  const changes = `from ${join}
      cross join lateral (values ${
    numbers.map((name) => `('${name}', o."${name}"::numeric, n."${name}"::numeric)`).join(", ")
  }) as c ("column", before, after)
      where c.before is distinct from c.after`
  return {
    numbers,
    empty: {
      users: 0,
      changedUsers: 0,
      parkedUsers: 0,
      addedRows: 0,
      removedRows: 0,
      columns: common.map(([column]) => ({ column, rows: 0, least: null, greatest: null, total: null })),
      addedColumns: [...names(after.columns), ...after.key].filter((name) => ![...names(before.columns), ...before.key].includes(name)),
      removedColumns: [...names(before.columns), ...before.key].filter((name) => ![...names(after.columns), ...after.key].includes(name)),
      largest: [],
      sizes: [],
      sections: new SectionComparison(beforeStore.projection, afterStore.projection).diff
    } satisfies VersionDiff as VersionDiff,
    parked: parkedUsersOf(beforeStore, afterStore),
    summary: `${joined}
      select (select count(*) from u) as users,
        count(distinct (coalesce(o.tenant_id, n.tenant_id), coalesce(o.user_id, n.user_id))) filter (where ${any}) as changed,
        count(*) filter (where o.user_id is null) as added,
        count(*) filter (where n.user_id is null) as removed
        ${common.map((column, index) => `, count(*) filter (where ${differs(column)}) as rows_${index}`).join("")}
        ${
      numbers.map((name, index) =>
        (["min", "max", "sum"] as const).map((aggregate) =>
          `, trim_scale(${aggregate}(${change(name)}) filter (where ${differs([name, true])})) as ${aggregate}_${index}`
        ).join("")
      ).join("")
    }
      from ${join}`,
    largest: `${joined}
      select coalesce(o.tenant_id, n.tenant_id) as tenant_id, coalesce(o.user_id, n.user_id) as user_id,
        array[${key.map((name) => `coalesce(o."${name}", n."${name}")`).join(", ")}]::text[] as key,
        c.column, trim_scale(c.before)::text as before, trim_scale(c.after)::text as after,
        trim_scale(coalesce(c.after, 0) - coalesce(c.before, 0))::text as change
      ${changes}
      order by abs(coalesce(c.after, 0) - coalesce(c.before, 0)) desc, 2, 4 limit ${maxLargest}`,
    sizes: `${joined}
      select "column", exponent, count(*) filter (where change > 0)::int as up, count(*) filter (where change < 0)::int as down
      from (
        select "column", change, least(${exponents.most}, greatest(${exponents.least}, floor(log(abs(change)))))::int as exponent
        from (
          select distinct on (1, 2, 3) coalesce(o.tenant_id, n.tenant_id) as tenant_id, coalesce(o.user_id, n.user_id) as user_id,
            c."column", coalesce(c.after, 0) - coalesce(c.before, 0) as change
          ${changes}
          order by 1, 2, 3, abs(coalesce(c.after, 0) - coalesce(c.before, 0)) desc, 4
        ) as of_user
        where change <> 0
      ) as sized
      group by 1, 2`
  }
}

/** What a slice has shown. `row` has the summary, with the columns by their places. */
interface SliceDiff {
  readonly numbers: ReadonlyArray<string>
  readonly row: Readonly<Record<string, unknown>>
  readonly largest: ReadonlyArray<LargestRow>
  readonly sizes: ReadonlyArray<ChangesOfSize>
}

const textOrNull = (value: unknown): string | null => typeof value === "string" ? value : null

/** What is known so far, and one more slice. */
const add = (diff: VersionDiff, { largest, numbers, row, sizes }: SliceDiff): VersionDiff =>
  addDiffs(diff, {
    ...diff,
    users: Number(row["users"]),
    changedUsers: Number(row["changed"]),
    parkedUsers: 0,
    addedRows: Number(row["added"]),
    removedRows: Number(row["removed"]),
    columns: diff.columns.map(({ column }, index) => {
      const number = numbers.indexOf(column)
      return {
        column,
        rows: Number(row[`rows_${index}`]),
        least: textOrNull(row[`min_${number}`]),
        greatest: textOrNull(row[`max_${number}`]),
        total: textOrNull(row[`sum_${number}`])
      }
    }),
    largest: largest.map(({ tenant_id, user_id, ...change }) => ({ tenantId: tenant_id, userId: user_id, ...change })),
    sizes
  })

const decimal = (text: string) => BigDecimal.fromStringUnsafe(text)
const mergedText = (
  a: string | null,
  b: string | null,
  pick: (a: BigDecimal.BigDecimal, b: BigDecimal.BigDecimal) => BigDecimal.BigDecimal
) => b === null ? a : a === null ? b : decimalToText(pick(decimal(a), decimal(b)))

/**
 * What two versions show in some slices, and in others besides. The sections are those of the
 * first.
 */
export const addDiffs = (diff: VersionDiff, other: VersionDiff): VersionDiff => ({
  ...diff,
  users: diff.users + other.users,
  changedUsers: diff.changedUsers + other.changedUsers,
  parkedUsers: diff.parkedUsers + other.parkedUsers,
  addedRows: diff.addedRows + other.addedRows,
  removedRows: diff.removedRows + other.removedRows,
  columns: diff.columns.map((column) => {
    const own = other.columns.find((own) => own.column === column.column)
    if (own === undefined || own.rows === 0) return column
    return {
      ...column,
      rows: column.rows + own.rows,
      least: mergedText(column.least, own.least, BigDecimal.min),
      greatest: mergedText(column.greatest, own.greatest, BigDecimal.max),
      total: mergedText(column.total, own.total, BigDecimal.sum)
    }
  }),
  largest: [...diff.largest, ...other.largest]
    .sort((a, b) => BigDecimal.Order(BigDecimal.abs(decimal(b.change)), BigDecimal.abs(decimal(a.change)))).slice(0, maxLargest),
  sizes: addSizes(diff.sizes, other.sizes)
})

const addSizes = (one: ReadonlyArray<ChangesOfSize>, other: ReadonlyArray<ChangesOfSize>): ReadonlyArray<ChangesOfSize> => {
  const sizes = new Map(one.map((size) => [`${size.column} ${size.exponent}`, size]))
  for (const size of other) {
    const key = `${size.column} ${size.exponent}`
    const own = sizes.get(key)
    sizes.set(key, own === undefined ? size : { ...size, up: own.up + size.up, down: own.down + size.down })
  }
  return [...sizes.values()]
}
