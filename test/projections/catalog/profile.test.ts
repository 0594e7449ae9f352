import { describe, it } from "vitest"
import { profile } from "../../../src/projections/catalog/profile.ts"
import { registration } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(profile)
type Fields = NonNullable<Parameters<typeof registration>[0]>
const update = (unique_id: string, more: Fields = {}) =>
  registration({
    at: "2026-01-02T00:00:00Z",
    unique_id,
    username: `name ${unique_id}`,
    registration_date: "2020-05-05T05:05:05+05:00",
    currency: "eur",
    ...more
  })

describe("profile", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("is null before the first event", () => given().shows(null))

  it("is what the event said", () => {
    given(update("1", { gender: "f", consent_email: false, segmentation_isPromoBanned: true })).shows({
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
    given(
      update("2", { gender: "f", consent_email: true }),
      update("1", { at: "2026-01-02T00:00:00.001Z", country: "SE" })
    ).includes({ username: "name 1", country: "SE", gender: null, consent_email: null, updated_at: "2026-01-02T00:00:00.001Z" })
  })

  it("takes the greatest unique_id by UTF-8 bytes of events at one time", () => {
    given(update("10"), update("9")).includes({ username: "name 9" })
    given(update("a"), update("B")).includes({ username: "name a" })
    given(update("😀"), update("\uff5e")).includes({ username: "name 😀" })
  })

  it("keeps whether promotions are banned from the latest event that says so", () => {
    given(
      update("1", { segmentation_isPromoBanned: true, at: "2026-01-01T00:00:00Z" }),
      update("2", { segmentation_isPromoBanned: false }),
      update("1b", { segmentation_isPromoBanned: true }),
      update("3", { segmentation_isPromoBanned: null }),
      update("4", { at: "2026-01-03T00:00:00Z" })
    ).includes({ username: "name 4", segmentation_isPromoBanned: false })
    given(update("1"), update("2", { segmentation_isPromoBanned: null })).includes({ segmentation_isPromoBanned: null })
  })
})
