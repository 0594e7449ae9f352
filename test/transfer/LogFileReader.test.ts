import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { gzipSync } from "node:zlib"
import { readableEvent } from "../../src/event-log/readableEvent.ts"
import { formatStoredEvent } from "../../src/event-log/StoredEvent.ts"
import { sealAfter } from "../../src/transfer/LogFile.ts"
import { type LogFileBatch, LogFileReader } from "../../src/transfer/LogFileReader.ts"
import { Position } from "../../src/values/Position.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"
import { seededRandom } from "../oracle/random.ts"
import { fileOf, linesOf, preludeOf, sampleLog, sealed } from "../support/events/sampleLog.ts"

/** What the reader gives of a file in pieces, and how it ends: undefined if well. */
const read = (file: Uint8Array, pieceOf: () => number = () => 1 << 20) => {
  const reader = new LogFileReader()
  const batches: Array<LogFileBatch> = []
  for (let start = 0; start < file.length;) {
    const end = start + pieceOf()
    const result = reader.push(file.subarray(start, end))
    if (Result.isFailure(result)) return { batches, problem: result.failure.message }
    batches.push(...result.success)
    start = end
  }
  const result = reader.end()
  return { batches, problem: Result.isFailure(result) ? result.failure.message : undefined }
}

const eventsOf = (batches: ReadonlyArray<LogFileBatch>) => batches.flatMap(({ events }) => events)

const log = sampleLog(sealAfter.events + 200)
const file = fileOf(log)
const whole = read(file)
const texts = whole.batches.map((batch) => JSON.stringify(batch))

/**
 * The file is refused, and what was given of it before is the beginning of what it was before it
 * was damaged.
 */
const assertRefused = (damaged: Uint8Array, message: RegExp) => {
  const { batches, problem } = read(damaged)
  assert.match(problem ?? "nothing wrong", message)
  assert.isBelow(batches.length, whole.batches.length + 1)
  for (const [index, batch] of batches.entries()) assert.isTrue(JSON.stringify(batch) === texts[index], `batch ${index} is another`)
}

describe("a log file", () => {
  it("is read as it was written, however it is cut into pieces", () => {
    const random = seededRandom(1)
    for (const pieceOf of [() => 1 << 30, () => 777, () => 1 + random.below(9_000)]) {
      const { batches, problem } = read(file, pieceOf)
      assert.isUndefined(problem)
      assert.deepStrictEqual(batches[0]?.prelude, log.prelude)
      assert.deepStrictEqual(eventsOf(batches), log.events)
      assert.deepStrictEqual(batches.map(({ eventsSoFar }) => eventsSoFar), [0, sealAfter.events, log.events.length])
    }
    const small = sampleLog(20)
    assert.deepStrictEqual(eventsOf(read(fileOf(small), () => 1).batches), small.events)
  })

  it("may be of a log without events", () => {
    const empty = sampleLog(0)
    const { batches, problem } = read(fileOf(empty))
    assert.isUndefined(problem)
    assert.deepStrictEqual(batches.map(({ events, prelude }) => ({ events, prelude })), [empty])
  })

  it("has checks after so much text, whatever the events", () => {
    const [event] = sampleLog(1).events
    if (event === undefined) return
    const large = Array.from(
      { length: 5 },
      (_, index) => ({ ...event, position: Position(index + 1), payload: `"${"x".repeat(sealAfter.characters / 2)}"` })
    )
    const { batches, problem } = read(fileOf({ prelude: preludeOf(large), events: large }))
    assert.isUndefined(problem)
    assert.deepStrictEqual(batches.map(({ events }) => events.length), [0, 2, 2, 1])
  })

  it("has events as large as a reader takes, and no larger ones: their lines are named", () => {
    const [event] = sampleLog(1).events
    if (event === undefined) return
    for (
      const [bytes, expected] of [[readableEvent, undefined], [
        readableEvent + 1,
        /^Line \d+ of the file has a payload of 33554433 bytes/
      ]] as const
    ) {
      const events = [{ ...event, position: Position(1), payload: `"${"x".repeat(bytes - 2)}"` }]
      const reader = new LogFileReader()
      let failure: string | undefined
      const whole = fileOf({ prelude: preludeOf(events), events })
      for (let at = 0; at < whole.length && failure === undefined; at += 65_536) {
        const pushed = reader.push(whole.subarray(at, at + 65_536))
        if (Result.isFailure(pushed)) failure = pushed.failure.message
      }
      if (expected === undefined) assert.isUndefined(failure)
      else assert.match(failure ?? "", expected)
    }
    const endless = new LogFileReader()
    let pushed = endless.push(fileOf(sampleLog(0)).subarray(0, 100))
    for (let mib = 0; mib < 80 && Result.isSuccess(pushed); mib++) pushed = endless.push(Buffer.alloc(1024 * 1024, "x"))
    assert.match(Result.isFailure(pushed) ? pushed.failure.message : "", /has more than 67174400 bytes/)
  })

  it("is JSON on every line", () => {
    for (const line of linesOf(file)) assert.doesNotThrow(() => JSON.parse(line))
  })

  it("is refused with any byte changed", () => {
    const random = seededRandom(2)
    for (let turn = 0; turn < 100; turn++) {
      const damaged = Buffer.from(file)
      const at = random.below(file.length)
      damaged[at] = ((damaged[at] ?? 0) + 1 + random.below(255)) % 256
      assertRefused(damaged, /./)
    }
  })

  it("is refused if it is cut off anywhere", () => {
    const random = seededRandom(3)
    const ends = [1, 100, file.indexOf("\n") + 1, file.length - 1, file.lastIndexOf("\n", -2), file.lastIndexOf("\n", -2) + 1]
    for (const end of [...ends, ...Array.from({ length: 50 }, () => 1 + random.below(file.length - 1))]) {
      assertRefused(file.subarray(0, end), /^The file is (cut off after line \d+: it has \d+( of 2200)? events and no end|not one that)/)
    }
    assertRefused(file.subarray(0, file.lastIndexOf("\n", -2) + 1), /after line 2208: it has 2200 of 2200 events and no end/)
    assertRefused(Buffer.alloc(0), /It is empty/)
  })

  it("is refused with lines swapped, repeated, left out or put in", () => {
    const lines = linesOf(file)
    const random = seededRandom(4)
    const joined = (changed: ReadonlyArray<string>) => Buffer.from(`${changed.join("\n")}\n`)
    for (let turn = 0; turn < 15; turn++) {
      const at = random.below(lines.length - 1)
      const line = lines[at] ?? ""
      assertRefused(joined([...lines.slice(0, at), lines[at + 1] ?? "", line, ...lines.slice(at + 2)]), /./)
      assertRefused(joined([...lines.slice(0, at), line, line, ...lines.slice(at + 1)]), /./)
      assertRefused(joined([...lines.slice(0, at), ...lines.slice(at + 1)]), /./)
      assertRefused(joined([...lines.slice(0, at), "", ...lines.slice(at)]), /./)
    }
    assertRefused(Buffer.concat([file, file]), /goes on after its end/)
    assertRefused(Buffer.concat([file, Buffer.from("x")]), /goes on after its end/)
  })

  it("is not something else", () => {
    assertRefused(Buffer.from("{}\n"), /not one that `events export` of this release wrote\.$/)
    assertRefused(gzipSync(file), /It is compressed/)
    const [header = "", ...rest] = linesOf(file)
    assertRefused(
      sealed([header.replace(`"playtally_log":1`, `"playtally_log":2`), ...rest]),
      /format version 2, and this release reads version 1/
    )
    assertRefused(sealed([header.replace(`"slice_count":256`, `"slice_count":128`), ...rest]), /has 128 slices; .* has 256/)
  })
})

describe("a log file whose checks are right, but that is not what an export writes", () => {
  const small = sampleLog(40)
  const lines = linesOf(fileOf(small))
  const first = 1 + 4 + 1
  const [a, b] = small.events
  const other = small.events.find((event) => event.slice !== a?.slice)
  if (a === undefined || b === undefined || other === undefined) throw new Error("a sample without events")

  it("is taken as it is, so that the refusals below are for what they say", () => {
    assert.deepStrictEqual(sealed(lines), fileOf(small))
  })

  it.each(
    [
      ["a position left out", { ...a, position: Position(2) }, /Line 7 of the file: event 3?\d+\/2 stands where \d+\/1 must be/],
      [
        "a user of another slice",
        { ...a, tenant_id: other.tenant_id, user_id: other.user_id },
        /Line 7 .* is of a user who belongs into slice \d+/
      ],
      [
        "a tenant that is not in it",
        { ...a, tenant_id: TenantId("00000000-0000-4000-8000-00000000000c") },
        /Line 7 .* is of a tenant that does not exist/
      ],
      ["a kind that is not known", { ...a, event_type: "realtime-bingo" }, /Line 7 .* which this release does not know/],
      ["a payload of a newer release", { ...a, payload_version: 2 }, /Line 7 .* payload version 2, which this release does not know/],
      ["an id with a NUL", { ...a, user_id: UserId("\0") }, /Line 7 of the file is not an event/],
      ["an hour that does not exist", { ...a, occurred_at: "2026-01-01T24:00:00.000000Z" }, /Line 7 of the file is not an event/]
    ] as const
  )("%s", (_, event, message) => {
    const { batches, problem } = read(sealed(lines.with(first, formatStoredEvent(event))))
    assert.match(problem ?? "nothing wrong", message)
    assert.strictEqual(batches.length, 1)
  })

  it("times that go backward, or do not end as the head says", () => {
    const [slice, events] = [...Map.groupBy(small.events, (event) => event.slice)].find(([, events]) => events.length > 2) ?? []
    const at = small.events.findIndex((event) => event.slice === slice)
    const last = at + (events?.length ?? 0) - 1
    const late = (index: number) => formatStoredEvent({ ...small.events[index] ?? a, recorded_at: "2027-01-01T00:00:00.000000Z" })
    assert.match(
      read(sealed(lines.with(first + at, late(at)))).problem ?? "",
      new RegExp(`Line ${first + at + 2} .* was recorded before its predecessor`)
    )
    assert.match(
      read(sealed(lines.with(first + last, late(last)))).problem ?? "",
      new RegExp(`Line ${first + last + 1} .* was not recorded when the head says`)
    )
  })

  it("the same said in other words", () => {
    const line = lines[first] ?? ""
    for (
      const other of [
        line.replace(`"slice":`, `"slice": `),
        line.replace(`"slice":`, `"slice":0`),
        line.replace(/"slice":(\d+),"position":(\d+)/, `"position":$2,"slice":$1`),
        line.replace("{", `{"extra":1,`),
        `${line} `,
        ` ${line}`,
        `${line}\r`
      ]
    ) {
      assert.notStrictEqual(other, line)
      assert.match(read(sealed(lines.with(first, other))).problem ?? "", /Line 7 of the file is not an event as an export writes it/)
    }
    const plain = lines.findIndex((line) => line.includes(`"user_id":"player-`))
    const escaped = lines.with(plain, lines[plain]?.replace(`"user_id":"p`, `"user_id":"\\u0070`) ?? "")
    assert.match(read(sealed(escaped)).problem ?? "", new RegExp(`Line ${plain + 1} of the file is not an event as an export writes it`))
    const [header = "", tenant = ""] = lines
    assert.match(read(sealed(lines.with(0, header.replace(",", ", ")))).problem ?? "", /not one that/)
    assert.match(read(sealed(lines.with(1, tenant.replace("tenant 0", "tenant\\u00200")))).problem ?? "", /Line 2 .* neither a tenant nor/)
  })

  it("keys of nobody, events or the end where they do not belong", () => {
    const [header = "", one = "", two = "", key = ""] = lines
    assert.match(read(sealed([header, one, key.replace("0a", "0c"), ...lines.slice(4)])).problem ?? "", /Line 3 .* nor an API key of one/)
    assert.match(read(sealed([header, one, key, two, ...lines.slice(4)])).problem ?? "", /Line 4 .* neither a tenant/)
    assert.match(read(sealed([header, lines[first] ?? ""])).problem ?? "", /Line 2 .* neither a tenant/)
    const end = lines.at(-1) ?? ""
    assert.match(read(sealed([...lines.slice(0, -2), end])).problem ?? "", /ends the file after 40 of 40 events|is not what was exported/)
    const early = [...lines.slice(0, first + 1), `{"check":{"events":1,"sha256":""}}`, end]
    assert.match(read(sealed(early)).problem ?? "", /Line 9 .* ends the file after 1 of 40 events/)
    assert.match(read(sealed(linesOf(fileOf(sampleLog(0))).toSpliced(5, 1))).problem ?? "", /ends the file after 0 of 0 events/)
  })
})
