import { describe, expect, it } from "vitest"
import { profile } from "../../../src/projections/catalog/profile.ts"
import { evaluate } from "../../../src/projections/evaluate.ts"
import type { FastTrackItem, RegistrationData } from "../../reference/FastTrackItem.ts"
import { eventsOf } from "./eventsOf.ts"

const update = (unique_id: string, data: Partial<RegistrationData> = {}): FastTrackItem => ({
  event: "realtime-registration",
  data: {
    user_id: "u",
    timestamp: "2026-01-02T00:00:00Z",
    unique_id,
    username: `name ${unique_id}`,
    registration_date: "2020-05-05T05:05:05+05:00",
    country: "MT",
    currency: "eur",
    gender: null,
    consent_email: null,
    ...data
  }
})
const given = (...items: ReadonlyArray<FastTrackItem>) => {
  const context = { timeZone: "UTC", now: 0 }
  const forward = evaluate(profile, eventsOf(items), context)
  expect(evaluate(profile, eventsOf(items.toReversed()), context)).toEqual(forward)
  return forward
}

describe("profile", () => {
  it("is null before the first event", () => expect(given()).toBe(null))

  it("is what the event said", () => {
    expect(given(update("1", { gender: "f", consent_email: false, segmentation_isPromoBanned: true }))).toEqual({
      username: "name 1",
      registration_date: "2020-05-05T00:05:05.000Z",
      country: "MT",
      currency: "EUR",
      gender: "f",
      consent_email: false,
      updated_at: "2026-01-02T00:00:00.000Z",
      segmentation_isPromoBanned: true
    })
  })

  it("is the latest event's as a whole, nulls too", () => {
    expect(given(
      update("2", { gender: "f", consent_email: true }),
      update("1", { timestamp: "2026-01-02T00:00:00.001Z", country: "SE" })
    )).toMatchObject({ username: "name 1", country: "SE", gender: null, consent_email: null, updated_at: "2026-01-02T00:00:00.001Z" })
  })

  it("takes the greatest unique_id by UTF-8 bytes of events at one time", () => {
    expect(given(update("10"), update("9"))).toMatchObject({ username: "name 9" })
    expect(given(update("a"), update("B"))).toMatchObject({ username: "name a" })
    expect(given(update("😀"), update("\uff5e"))).toMatchObject({ username: "name 😀" })
  })

  it("keeps whether promotions are banned from the latest event that says so", () => {
    expect(given(
      update("1", { segmentation_isPromoBanned: true, timestamp: "2026-01-01T00:00:00Z" }),
      update("2", { segmentation_isPromoBanned: false }),
      update("1b", { segmentation_isPromoBanned: true }),
      update("3", { segmentation_isPromoBanned: null }),
      update("4", { timestamp: "2026-01-03T00:00:00Z" })
    )).toMatchObject({ username: "name 4", segmentation_isPromoBanned: false })
    expect(given(update("1"), update("2", { segmentation_isPromoBanned: null }))).toMatchObject({ segmentation_isPromoBanned: null })
  })
})
