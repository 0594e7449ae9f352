import { assert, describe, it } from "@effect/vitest"
import { pendingEvents, setRepeatsAside } from "../../../src/event-log/append/PendingEvent.ts"
import { settleAnswer } from "../../../src/event-log/append/settleAnswer.ts"
import type { AppendRow } from "../../../src/event-log/statements/appendStatement.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { finish } from "../../../src/values/steps.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { someTenant } from "../../support/events/someTenant.ts"

const pending = (...ids: ReadonlyArray<string>) =>
  pendingEvents(ids.map((id) => newEvent(someTenant, bet({ user_id: UserId("player"), unique_id: id }))))
const { slice } = newEvent(someTenant, bet({ user_id: UserId("player"), unique_id: "a" }))

const appended = (slice: number): AppendRow => ({ kind: "appended", slice: Slice(slice), position: 7n, waited: 0 })
const stored = (ord: number): AppendRow => ({
  kind: "stored",
  ord,
  position: 3n,
  waited: null,
  occurred_at: new Date(0),
  payload_version: 1,
  payload: null
})

describe("the answer of an append", () => {
  it("gives new events the next positions of their slice, and others that of the stored one", () => {
    const batch = pending("a", "b", "c")
    const settled = finish(settleAnswer([appended(slice), stored(2)], batch))
    assert.deepStrictEqual(batch.map(({ outcome }) => outcome), [
      { _tag: "Appended", position: Position(7) },
      { _tag: "Known", position: Position(3) },
      { _tag: "Appended", position: Position(8) }
    ])
    assert.deepStrictEqual(settled, { repeats: 1, committed: new Map([[slice, Position(8)]]) })
  })

  it("is a defect where a slice is missing, or an event that was not asked about is named", () => {
    assert.throws(() => finish(settleAnswer([], pending("a"))), /Missing slice in the answer/)
    assert.throws(() => finish(settleAnswer([appended(slice + 1)], pending("a"))), /Missing slice in the answer/)
    assert.throws(() => finish(settleAnswer([appended(slice), stored(2)], pending("a"))), /Missing event that the statement found/)
  })

  it("is asked for the first event of each key only", () => {
    const batch = pending("a", "b", "a", "a")
    assert.deepStrictEqual(setRepeatsAside(batch), batch.slice(0, 2))
    assert.deepStrictEqual(batch.map(({ first }) => first), [undefined, undefined, batch[0], batch[0]])
  })
})
