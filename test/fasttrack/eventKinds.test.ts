import { describe, expect, it } from "@effect/vitest"
import { eventKinds } from "../../src/fasttrack/eventKinds.ts"
import { type EventType, eventTypes, idOf, isEventType, summaryOf } from "../../src/fasttrack/FastTrackEvent.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { uncounted } from "../../src/projections/catalog/uncounted.ts"
import { sampleLog } from "../../src/projections/fold/sampleLog.ts"
import { eventOf, itemOf } from "./wireItem.ts"

const page = "docs/adding-an-event-kind.md"

/** Of any kind, as plain texts. */
interface AnyKind {
  readonly event: string
  readonly name: string
  readonly idField: string
  readonly identity: ReadonlyArray<string>
  readonly caseInsensitive: ReadonlyArray<string>
  readonly data: { readonly fields: object }
  readonly uncountedWord?: unknown
  readonly described: { readonly example: object }
}

const kindOf = (event: EventType): AnyKind => eventKinds[event]

/*
 * The places that have to know a kind and that no type leads to. Each failure names the file and
 * what it lacks.
 */
describe.each(eventTypes)("the kind %s", (event) => {
  const kind = kindOf(event)

  it("is registered under its own name, once", () => {
    expect(kind.event, "src/fasttrack/eventKinds.ts").toBe(event)
    const names = eventTypes.map((other) => kindOf(other).name)
    expect(names.filter((name) => name === kind.name), `another kind is called ${kind.name} in the API's description`).toHaveLength(1)
    expect(isEventType(event)).toBe(true)
  })

  it("has the sender's id in what identifies an event, and no field that is not identified by", () => {
    expect(kind.identity, `identity of ${event} lacks its idField`).toContain(kind.idField)
    const fields = Object.keys(kind.data.fields)
    for (const field of [...kind.identity, ...kind.caseInsensitive]) expect(fields, `${event} has no field ${field}`).toContain(field)
  })

  it("decodes the example of the API's description, and says in one line what it says", () => {
    const wire = { user_id: "player-17", timestamp: "2026-01-31T12:00:00Z", ...kind.described.example }
    const decoded = eventOf(JSON.stringify({ event, data: wire }))
    expect(idOf(decoded)).not.toBe("undefined")
    expect(summaryOf(decoded)).toMatch(/^[a-z][^\n]*$/)
    expect(summaryOf(decoded)).not.toContain("undefined")
    expect(Object.keys(decoded.data).sort(), "the example may leave out only fields that are optional and left out in payloads, too")
      .toEqual(
        Object.keys(eventOf(itemOf(event)).data).filter((field) => field in decoded.data).sort()
      )
  })

  it("is in the sample log, by which a projection's identity is made", () => {
    const events = sampleLog.filter((sampled) => sampled.event === event)
    expect(
      events.length,
      `src/projections/fold/sampleLog.ts has too few events of ${event}: append some at its very end and change nothing before, see ${page}`
    ).toBeGreaterThanOrEqual(10)
  })

  it("is counted by a projection, and by `uncounted` where words decide", () => {
    const counting = catalog.filter((projection) => (projection.events as ReadonlyArray<EventType>).includes(event))
    expect(counting.map(({ name }) => name), `no projection of src/projections/catalog/catalog.ts counts ${event}, see ${page}`).not
      .toEqual([])
    expect(
      (uncounted.events as ReadonlyArray<EventType>).includes(event),
      `src/projections/catalog/uncounted.ts has ${event} among its events if, and only if, the kind has an uncountedWord`
    ).toBe(kind.uncountedWord !== undefined)
  })
})
