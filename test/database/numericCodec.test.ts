import { PgProtocol, PgTypes } from "@effect/sql-pg"
import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { postgresTypes } from "../../src/database/numericCodec.ts"

const frameOf = (texts: ReadonlyArray<string>, types?: PgTypes.Registry) =>
  PgProtocol.makeBindEncoder<PgTypes.Parameter, PgTypes.CodecError>((sink, parameter) => PgTypes.writeParameter(sink, parameter, types))({
    portal: "",
    statement: "",
    parameters: [Result.getOrThrow(PgTypes.array(texts, PgTypes.OID.numeric))]
  })
const bytesOf = (...of: Parameters<typeof frameOf>) => Result.map(frameOf(...of), (frame) => Buffer.from(frame).toString("hex"))

const digits = (length: number) => Schema.String.check(Schema.isPattern(new RegExp(`^\\d{0,${length}}$`)))
/** Whatever looks like a number, and some that only nearly do. */
const Numeric = Schema.Tuple([
  Schema.Literals(["", "-", "", "+"]),
  Schema.Union([Schema.Literals(["0", "10000", "99999999", "100000000", "999999999999", "1000000000000"]), digits(25)]),
  Schema.Literals(["", ".", ".", ".."]),
  Schema.Union([Schema.Literals(["0", "5", "00005", "00000001", "10000000", "123456789"]), digits(12)])
])

describe("numericCodec", () => {
  it.prop("writes what the driver writes", [Schema.Array(Numeric)], ([numbers]) => {
    const texts = numbers.map((parts) => parts.join(""))
    for (const text of texts) {
      const [ours, its] = [bytesOf([text], postgresTypes), bytesOf([text])]
      if (Result.isFailure(its)) expect(Result.isFailure(ours), text).toBe(true)
      else expect(ours, text).toStrictEqual(its)
    }
    const good = texts.filter((text) => Result.isSuccess(bytesOf([text])))
    expect(bytesOf(good, postgresTypes)).toStrictEqual(bytesOf(good))
  }, { arbitrary: { runs: 300 } })

  it.each([
    "0",
    "-0",
    "1",
    "-1.5",
    "10.10",
    "0.0001",
    "9999.9999",
    "10000",
    "123456789012.12345678",
    "NaN",
    "1e3",
    "1e400",
    "0.000000001",
    " 1"
  ])(
    "writes %s as the driver does",
    (text) => {
      const its = bytesOf([text])
      const ours = bytesOf([text], postgresTypes)
      if (Result.isFailure(its)) expect(Result.isFailure(ours)).toBe(true)
      else expect(ours).toStrictEqual(its)
    }
  )

  it("reads what it has written", () => {
    for (const text of ["0", "-12.5", "0.0001", "123456789012345678901234567890.5"]) {
      const bytes = Result.getOrThrow(PgTypes.encode(text, PgTypes.OID.numeric, postgresTypes))
      expect(Result.getOrThrow(PgTypes.decode(bytes, PgTypes.OID.numeric, 1, postgresTypes))).toBe(text)
    }
  })
})
