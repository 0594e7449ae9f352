import { formatCounterPath, valueAt, type ValueKind, valueKind } from "../../../counters/history/counterPath.ts"
import type { AnyProjection } from "../../../projections/projection/Projection.ts"
import { known } from "../../../values/known.ts"
import { inWords, valueText } from "../../markup/figure.ts"
import { type Content, type Html, html } from "../../markup/html.ts"
import { playerPath } from "./player.ts"

/** What the tables show: the sections of a document, and those of an earlier moment beside it. */
export interface ShownCounters {
  readonly tenant: string
  readonly userId: string
  readonly sections: ReadonlyArray<string>
  readonly projections: ReadonlyArray<AnyProjection>
  readonly now: Sections
  /** Undefined if the present alone is shown; empty if there was nothing before. */
  readonly before: Sections | undefined
  /** The section of which all rows are shown, or `All`. */
  readonly whole: string | undefined
}

type Sections = Readonly<Record<string, unknown>>

/** More rows of a section than these are shown only where the reader asks for them. */
const shownAtOnce = 40
/** Up to so many columns a table has the names of the fields in its first column. */
const mostColumns = 4

/** The counters as tables, a section a card. A number leads to the events that made it. */
export const counterTables = (shown: ShownCounters): Html =>
  html`<div class="sections">${
    shown.sections.map((name) => {
      const { now, before } = shown
      const values: Values = { now: now[name], before: before?.[name], isPast: before !== undefined }
      return html`<section class="panel section" aria-labelledby="section-${name}"><h3 id="section-${name}">${inWords(name)}</h3>${
        section(shown, [name], values)
      }</section>`
    })
  }</div>`

/** A value of the present, and of the earlier moment if one is shown. */
interface Values {
  readonly now: unknown
  readonly before: unknown
  readonly isPast: boolean
}

type Path = readonly [section: string, ...names: ReadonlyArray<string>]

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const namesOf = ({ now, before }: Values): ReadonlyArray<string> => [
  ...new Set([...isRecord(now) ? Object.keys(now) : [], ...isRecord(before) ? Object.keys(before) : []])
]

const at = ({ isPast, now, before }: Values, name: string): Values => ({
  now: valueAt(now, [name]),
  before: valueAt(before, [name]),
  isPast
})

const isTable = ({ now, before }: Values): boolean => isRecord(now) || isRecord(before)

const section = (shown: ShownCounters, path: Path, values: Values): Html => {
  if (values.now === undefined && values.before === undefined) {
    return html`<p class="note">It has no numbers yet: it waits for a rebuild, or stands in a document of its own.</p>`
  }
  if (!isTable(values)) {
    return values.now === null || values.now === undefined ?
      html`<p class="note">Nothing yet.</p>` :
      html`<pre>${JSON.stringify(values.now, undefined, 2).slice(0, 4000)}</pre>`
  }
  const names = namesOf(values)
  if (names.length === 0) return html`<p class="note">Nothing yet.</p>`
  const tables = names.filter((name) => isTable(at(values, name)))
  return tables.length === 0 ? pairs(shown, path, values) : rows(shown, path, { values, names })
}

/** Fields with one value each. */
const pairs = (shown: ShownCounters, path: Path, values: Values): Html =>
  html`<table class="pairs"><tbody>${
    namesOf(values).map((name) => html`<tr><th scope="row">${inWords(name)}</th>${cell(shown, [...path, name], at(values, name))}</tr>`)
  }</tbody></table>`

/** Fields of several names, such as currencies, or of games and currencies. */
const rows = (
  shown: ShownCounters,
  path: Path,
  { names, values }: { readonly values: Values; readonly names: ReadonlyArray<string> }
): Html => {
  const groups: ReadonlyArray<ReadonlyArray<string>> = names.flatMap((name) => {
    const inner = at(values, name)
    const deeper = namesOf(inner).filter((next) => isTable(at(inner, next)))
    return deeper.length === 0 ? [[name]] : deeper.map((next) => [name, next])
  })
  const depth = Math.max(...groups.map(({ length }) => length))
  const of = (group: ReadonlyArray<string>): Values => group.reduce(at, values)
  const fields = [...new Set(groups.flatMap((group) => namesOf(of(group))))]
  if (depth === 1 && groups.length <= mostColumns) {
    return html`<div class="across"><table><thead><tr><td></td>${
      groups.map(([name]) => html`<th scope="col" class="number">${name}</th>`)
    }</tr></thead><tbody>${
      fields.map((field) =>
        html`<tr><th scope="row">${inWords(field)}</th>${
          groups.map((group) => cell(shown, [...path, ...group, field], at(of(group), field)))
        }</tr>`
      )
    }</tbody></table></div>`
  }
  const [name] = path
  const visible = shown.whole === name || shown.whole === "All" ? groups : groups.slice(0, shownAtOnce)
  return html`<div class="across"><table><thead><tr>${
    depth === 2 ? html`<th scope="col">game</th><th scope="col">currency</th>` : html`<th scope="col">currency</th>`
  }${fields.map((field) => html`<th scope="col" class="number">${inWords(field)}</th>`)}</tr></thead><tbody>${
    visible.map((group) =>
      html`<tr>${group.map((part) => html`<th scope="row">${part}</th>`)}${
        fields.map((field) => cell(shown, [...path, ...group, field], at(of(group), field)))
      }</tr>`
    )
  }</tbody></table></div>${
    visible.length === groups.length
      ? undefined
      : html`<p class="note">The first ${visible.length} of ${groups.length} rows. <a href="${
        playerPath(shown.tenant, shown.userId)
      }?all=${name}">Show all</a></p>`
  }`
}

/** A value, which leads to its explanation. If it was another one before, both are shown. */
const cell = (shown: ShownCounters, path: Path, { isPast, now, before }: Values): Html => {
  const kind = kindOf(shown.projections, path)
  const number = kind === "other" ? undefined : html` class="number"`
  const explained = link(shown, path, { kind, value: now })
  if (!isPast || isSame(kind, now, before)) return html`<td${number}>${explained}</td>`
  return html`<td${kind === "other" ? html` class="changed"` : html` class="number changed"`}><span class="was">${
    valueText(kind, before)
  }</span> <span aria-label="is now">→</span> ${explained}</td>`
}

const link = (
  { tenant, userId }: ShownCounters,
  path: Path,
  { kind, value }: { readonly kind: ValueKind; readonly value: unknown }
): Content =>
  value === null || value === undefined || typeof value === "object" ? valueText(kind, undefined) : explainLink(tenant, {
    userId,
    path: formatCounterPath(path),
    text: valueText(kind, value),
    isNothing: value === 0 || value === "0"
  })

/** A link that opens the events which made a value, beside the page where there are scripts. */
export const explainLink = (
  tenant: string,
  { isNothing, path, text, userId }: {
    readonly userId: string
    readonly path: string
    readonly text: Content
    readonly isNothing?: boolean
  }
): Html => {
  const href = `${playerPath(tenant, userId)}/explain?path=${encodeURIComponent(path)}`
  return html`<a class="${
    isNothing === true ? "explain nothing" : "explain"
  }" href="${href}" hx-get="${href}&amp;part=1" hx-target="#explanation" title="${path}">${text}</a>`
}

/** What kind of value a path leads to, by the newest version that knows. */
const kindOf = (projections: ReadonlyArray<AnyProjection>, [section, ...names]: Path): ValueKind => {
  for (const { name, section: { schema } } of projections.toReversed()) {
    const kind = name === section ? valueKind(schema.ast, names) : undefined
    if (kind !== undefined) return kind
  }
  return "other"
}

const empty = { count: "0", amount: "0", other: "" } as const

/** A number that a document does not have is 0. */
const isSame = (kind: ValueKind, now: unknown, before: unknown): boolean =>
  JSON.stringify(now ?? null) === JSON.stringify(before ?? null) || (String(now ?? empty[kind]) === String(before ?? empty[kind]))

/** How many values differ between two documents. */
export const differencesOf = (sections: ReadonlyArray<string>, one: Sections, other: Sections): number => {
  const count = (values: Values): number =>
    isTable(values)
      ? namesOf(values).reduce((sum, name) => sum + count(at(values, name)), 0)
      : isSame(typeof (values.now ?? values.before) === "number" ? "count" : "other", values.now, values.before)
      ? 0
      : 1
  return sections.reduce((sum, name) => sum + count({ now: one[name], before: other[name], isPast: true }), 0)
}

/** The first name of the sections that a query asks to see whole. */
export const wholeSection = (query: URLSearchParams, sections: ReadonlyArray<string>): string | undefined =>
  query.has("all") ? known(sections.find((name) => name === query.get("all")) ?? sections[0], "section of a document") : undefined
