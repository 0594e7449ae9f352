import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Admission } from "../../src/ingest/Admission.ts"
import { Settings } from "../../src/platform/Settings.ts"
import { TenantId } from "../../src/values/TenantId.ts"

const admission = (settings: Readonly<Record<string, string>>) =>
  Effect.provide(
    Admission,
    Admission.layer.pipe(
      Layer.provide(Settings.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))
    )
  )

const isAdmitted = (take: ReturnType<Admission["Service"]["events"]>) => Effect.map(Effect.result(take), ({ _tag }) => _tag === "Success")

describe("Admission", () => {
  it.effect("lets no tenant take more than three quarters, so that there is room for another", () =>
    Effect.gen(function*() {
      const { events } = yield* admission({ MAX_EVENTS_IN_FLIGHT: "1000", MAX_ITEMS: "100" })
      yield* events(TenantId("a"), 750)
      assert.isFalse(yield* isAdmitted(events(TenantId("a"), 1)))
      const ticket = yield* events(TenantId("b"), 250)
      assert.isFalse(yield* isAdmitted(events(TenantId("c"), 1)))
      ticket.release()
      // Given back once, however often it is said.
      ticket.release()
      assert.isFalse(yield* isAdmitted(events(TenantId("b"), 251)))
      assert.isTrue(yield* isAdmitted(events(TenantId("b"), 250)))
    }))

  it.effect("takes the largest request on when idle, whatever the settings say", () =>
    Effect.gen(function*() {
      const { bytes, events } = yield* admission({
        MAX_EVENTS_IN_FLIGHT: "1",
        MAX_ITEMS: "100",
        MAX_BYTES_IN_FLIGHT: "1",
        MAX_BODY_BYTES: "1000"
      })
      assert.isTrue(yield* isAdmitted(events(TenantId("a"), 100)))
      assert.isTrue(yield* isAdmitted(bytes(TenantId("a"), 1000)))
    }))
})
