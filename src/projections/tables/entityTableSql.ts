import { type EntityColumn, isShown } from "../projection/Column.ts"
import { entityKindOf } from "../projection/columns/entityKinds.ts"
import type { EntityTable } from "../projection/EntityTable.ts"
import { type ComparedRows, createView, givenUsers, keyColumns, options, owner, primaryKey, quote, removeSome, rowsOf } from "./tableSql.ts"

/** The statements that read and write the rows of an entity table. All text is constant. */
export interface EntityStatements {
  /** Rows by key: arrays of tenants, users and key parts. */
  readonly load: string
  /**
   * The first rows of users in the order of their keys: arrays of tenants and users, and the most
   * rows of each user.
   */
  readonly loadUsers: string
  /**
   * The rows of a user that follow a key: the tenant, the user, the parts of the key, and the most.
   */
  readonly loadAfter: string
  /** Removes the rows of users: arrays of tenants and users. */
  readonly remove: string
  /** Removes some rows of a user and says how many: the tenant, the user, and the most. */
  readonly removeSome: string
  /** Inserts or replaces rows: arrays of tenants, users, key parts and columns. */
  readonly save: string
  /** The same where there are no rows of these keys yet. It takes half of the time. */
  readonly insert: string
  /**
   * The rows of one tenant's users: the tenant, an array of users, the most of each user and the
   * most in all.
   */
  readonly read: string
  readonly columns: ReadonlyArray<readonly [name: string, column: EntityColumn]>
}

export const createEntities = (name: string, { columns, key }: EntityTable): string => {
  const own = Object.entries(columns).map(([column, declared]) => `, ${quote(column)} ${entityKindOf(declared).type}`).join("")
  return `create table if not exists ${name} (${owner}${keyColumns(key)}${own}, primary key (${primaryKey(key)})) ${options}`
}

export const createEntityView = (view: string, name: string, table: EntityTable): string =>
  createView(view, { table: name, columns: namesOf(shownOf(table)).map(quote), where: "" })

/** Makes the statements for the entity table `name`. */
export const entityStatements = (name: string, table: EntityTable): EntityStatements => {
  const { key } = table
  const columns = Object.entries(table.columns)
  const sameUser = "t.tenant_id = u.tenant_id and t.user_id = u.user_id"
  const keyNames = key.map((part) => `t.${quote(part)}`)
  const inOrder = key.length === 0 ? "" : ` order by ${keyNames.join(", ")}`
  const lookUp = (
    { from, limit = "offset 0", on, read = table }: {
      readonly from: string
      readonly on: string
      readonly limit?: string
      readonly read?: EntityTable
    }
  ) =>
    // The lateral limit keeps a look-up by key one, whatever the statistics of a young table say.
    `select ${selected(read)} from ${from} cross join lateral (select * from ${name} as t where ${on} ${limit}) as t`
  const insert = `insert into ${name} (tenant_id, user_id, ${namesOf(table).map(quote).join(", ")})
      ${rowsOf(["uuid", "text", ...key.map(() => "text"), ...columns.map(([, column]) => entityKindOf(column).type)])}`
  return {
    load: lookUp({
      from: `unnest($1::uuid[], $2::text[]${key.map((_, index) => `, $${index + 3}::text[]`).join("")}) as u (tenant_id, user_id${
        key.map((part) => `, ${quote(part)}`).join("")
      })`,
      on: [sameUser, ...key.map((part) => `t.${quote(part)} = u.${quote(part)}`)].join(" and ")
    }),
    loadUsers: lookUp({ from: givenUsers, on: `${sameUser}${inOrder}`, limit: "limit $3 offset 0" }),
    loadAfter: `select ${selected(table)} from ${name} as t where t.tenant_id = $1::uuid and t.user_id = $2${
      key.length === 0
        ? " and false"
        : ` and (${keyNames.join(", ")}) > (${key.map((_, index) => `$${index + 3}::text collate "C"`).join(", ")})`
    }${inOrder} limit $${key.length + 3}::int`,
    remove: `delete from ${name} as t using ${givenUsers} where ${sameUser}`,
    removeSome: removeSome(name),
    insert,
    save: `${insert}
      on conflict (${primaryKey(key)}) do update set ${
      columns.map(([column]) => `${quote(column)} = excluded.${quote(column)}`).join(", ")
    }`,
    read: `${
      lookUp({
        from: `unnest($2::text[]) as u (user_id)`,
        on: "t.tenant_id = $1::uuid and t.user_id = u.user_id",
        limit: "limit $3",
        read: shownOf(table)
      })
    } limit $4`,
    columns
  }
}

/** What two versions without totals are compared by. */
export const comparedEntities = (name: string, table: EntityTable): ComparedRows => {
  const shown = shownOf(table)
  return {
    select: `select t.tenant_id, t.user_id, ${namesOf(shown).map((column) => `t.${quote(column)}`).join(", ")}
      from ${name} as t join u on t.tenant_id = u.tenant_id and t.user_id = u.user_id`,
    key: shown.key,
    columns: Object.entries(shown.columns).map(([column, declared]) => [column, entityKindOf(declared).isNumber])
  }
}

const namesOf = ({ columns, key }: EntityTable): ReadonlyArray<string> => [...key, ...Object.keys(columns)]

const selected = ({ columns, key }: EntityTable): string =>
  [
    "t.tenant_id",
    "t.user_id",
    ...key.map((part) => `t.${quote(part)}`),
    ...Object.entries(columns).map(([column, declared]) => named(entityKindOf(declared).shown(`t.${quote(column)}`), column))
  ].join(", ")

/** A value under a column's name, which a plain column has already. */
const named = (value: string, column: string): string => value === `t.${quote(column)}` ? value : `${value} as ${quote(column)}`

/** The table as its readers know it. */
const shownOf = ({ columns, key }: EntityTable): EntityTable => ({
  key,
  columns: Object.fromEntries(Object.entries(columns).filter(([, column]) => isShown(column)))
})
