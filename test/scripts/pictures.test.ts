import { describe, expect, it } from "@effect/vitest"
import { drawRooms } from "./pictures/drawRooms.ts"
import { drawWay } from "./pictures/drawWay.ts"

/*
 * The pictures of the documents are drawn from the code. To draw them again:
 * `npm test -- test/scripts/pictures.test.ts -u`.
 */
describe("the pictures", () => {
  it("of the rooms shows the rooms and arrows of the source", () => expect(drawRooms()).toMatchFileSnapshot("../../docs/rooms.svg"))

  it("of the way of an event is the one that is drawn", () => expect(drawWay()).toMatchFileSnapshot("../../docs/way-of-an-event.svg"))
})
