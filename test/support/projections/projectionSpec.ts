import * as Schema from "effect/Schema"
import { expect } from "vitest"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { idempotencyKey } from "../../../src/fasttrack/idempotencyKey.ts"
import { sameContent } from "../../../src/fasttrack/sameContent.ts"
import { sampleLog } from "../../../src/projections/fold/sampleLog.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { contentOf } from "../events/contentOf.ts"
import { extremeEvents } from "../events/extremeEvents.ts"
import { lawfulSection } from "./foldLaws.ts"

/**
 * What a user's events have come to so far. Not a promise: that is why its methods are not called
 * `then`.
 */
export interface Story {
  /** The section is exactly this. */
  readonly shows: (section: unknown) => Story
  /** The section has this among other things. */
  readonly includes: (part: object) => Story
  /** More events of the same user. */
  readonly when: (...events: ReadonlyArray<FastTrackEvent>) => Story
}

interface Options {
  /** The tenant's IANA zone; UTC unless given. */
  readonly timeZone?: string
  /** When the section is read; noon UTC of 1 January 2026 unless given. */
  readonly now?: string
}

/**
 * Examples of what a projection makes of a user's events, which read as they are told:
 *
 *     const { given } = projectionSpec(casino)
 *     given(bet({ amount: "10" })).when(win({ amount: "4" })).includes({ EUR: { ggr: "6" } })
 *
 * Every example also checks the laws of folds (`foldLaws.ts`) on its events, and that the section
 * is what its schema describes. As in the log, a resend of an event changes nothing, and one with
 * other content under the same key is an error of the spec.
 */
export const projectionSpec = (projection: AnyProjection, { now = "2026-01-01T12:00:00Z", timeZone = "UTC" }: Options = {}) => {
  const context = { timeZone, now: Date.parse(now) }
  const isSection = Schema.is(projection.section.schema)

  const sectionOf = (events: ReadonlyArray<FastTrackEvent>): unknown => {
    const section = lawfulSection(projection, events, context)
    // As JSON, for that is what readers get.
    expect(JSON.parse(JSON.stringify(section)), "the section is not JSON").toStrictEqual(section)
    if (!isSection(section)) {
      throw new Error(`${projection.name} gives a section that its schema does not describe: ${JSON.stringify(section)}`)
    }
    return section
  }
  const story = (events: ReadonlyArray<FastTrackEvent>): Story => {
    const self: Story = {
      shows: (section) => {
        calledBy(self.shows, () => expect(sectionOf(events)).toEqual(section))
        return self
      },
      includes: (part) => {
        calledBy(self.includes, () => expect(sectionOf(events)).toMatchObject(part))
        return self
      },
      when: (...more) => story(stored([...events, ...more]))
    }
    return self
  }
  const keepsTheLaws = (): void => {
    const types = new Set<string>(projection.events)
    const kept = (events: ReadonlyArray<FastTrackEvent>) => firstOfEach(events).filter(({ event }) => types.has(event))
    calledBy(keepsTheLaws, () => {
      sectionOf(kept(sampleLog))
      sectionOf(kept(extremeEvents))
    })
  }
  return {
    /** A user with these events, stored in this order. */
    given: (...events: ReadonlyArray<FastTrackEvent>): Story => story(stored(events)),
    /**
     * The laws hold on events of every kind of life, and on those with the longest texts and
     * numbers there can be.
     */
    keepsTheLaws
  }
}

const namespace = "00000000-0000-0000-0000-000000000000"

/** The events that are in the log once these have been sent: a resend is set aside. */
const stored = (events: ReadonlyArray<FastTrackEvent>): ReadonlyArray<FastTrackEvent> => {
  const first = firstOfEach(events)
  for (const event of events) {
    const key = idempotencyKey(namespace, event)
    const kept = first.find((other) => idempotencyKey(namespace, other) === key)
    if (kept !== undefined && !sameContent(contentOf(event), contentOf(kept))) {
      throw new Error(`The log would reject this event, for it has another of its key: ${JSON.stringify(event)}`)
    }
  }
  return first
}

const firstOfEach = (events: ReadonlyArray<FastTrackEvent>): ReadonlyArray<FastTrackEvent> => {
  const first = new Map<string, FastTrackEvent>()
  for (const event of events) {
    const key = idempotencyKey(namespace, event)
    if (!first.has(key)) first.set(key, event)
  }
  return [...first.values()]
}

/** Runs the check of a method; a failure points at the line of the spec that called it. */
const calledBy = (method: (...args: ReadonlyArray<never>) => unknown, check: () => void): void => {
  try {
    check()
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error, method)
    throw error
  }
}
