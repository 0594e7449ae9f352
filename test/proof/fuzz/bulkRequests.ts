import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import type { Random } from "../../oracle/random.ts"
import { toBody } from "../../oracle/toBody.ts"
import { bulkPath } from "../../support/service/sender.ts"
import { apiKey } from "../../support/service/ServiceProcess.ts"
import { cut, type FuzzDraw, type FuzzRequest, httpRequest } from "./FuzzRequest.ts"
import { absurdValue, conforms, type JsonSchema, type Resolve } from "./JsonSchema.ts"
import type { RawAnswer } from "./rawHttp.ts"

/** Users whose events must never be found. */
export const neverStored = "never-"
/** Users of whose events nobody was told: they went away, or said one thing twice. */
export const perhapsStored = "perhaps-"

type Item = Readonly<Record<string, unknown>> & { readonly data: Readonly<Record<string, unknown>> }

/** An item as text, and what it says if it is taken. */
interface SentItem {
  readonly text: string
  readonly means: FastTrackItem
  readonly must?: "accept" | "reject"
}

/** How the schemas of the document name the kinds of items, by kind. */
export type ItemSchemas = ReadonlyMap<string, JsonSchema>

const textOf = (value: unknown): string => toBody([value], "array").slice(1, -1)

const valid = (item: FastTrackItem): SentItem => ({ text: textOf(item), means: item, must: "accept" })

const idFields = ["unique_id", "payment_id", "activity_id"]

/** The item under an id that no other has. */
const renamed = (item: FastTrackItem, id: string): Item => {
  const field = idFields.find((name) => name in item.data) ?? ""
  return { ...item, data: { ...item.data, [field]: id } }
}

/** Texts that the contract refuses wherever a text is read (docs/design.md#values). */
const refusedTexts = ["a\0b", "\ud800", "x\udfffy"]

/** An item with one thing about it that the schema allows, just does not, or never could. */
const changed = (random: Random, resolve: Resolve, schemas: ItemSchemas, item: FastTrackItem, id: string): SentItem => {
  const own = renamed(item, id)
  // Renaming it has left it what it was, which spreading its data hides from the compiler.
  const means = own as unknown as FastTrackItem
  const schema = schemas.get(item.event) ?? {}
  const dataSchema = resolve(schema.properties?.["data"] ?? {})
  const names = Object.keys(dataSchema.properties ?? {})
  const withData = (data: object) => ({ ...own, data })
  // What has the form of an item is one: the reading of the counters looks at nothing but what the
  // schema is about.
  const judged = (value: object): SentItem => ({
    text: textOf(value),
    means: value as FastTrackItem,
    ...conforms(resolve, schema, value) ? {} : { must: "reject" as const }
  })
  const name = random.pick(names)
  return random.pick<() => SentItem>([
    () => judged(withData({ ...own.data, [name]: absurdValue(random, resolve(dataSchema.properties?.[name] ?? {})) })),
    () => judged(withData({ ...own.data, [name]: absurdValue(random, resolve(dataSchema.properties?.[name] ?? {})) })),
    () => judged(withData(Object.fromEntries(Object.entries(own.data).filter(([other]) => other !== name)))),
    () => judged({ ...own, [random.pick(["event", "data"])]: absurdValue(random) }),
    () => {
      const text = random.pick(Object.entries(own.data).filter(([known, value]) => names.includes(known) && typeof value === "string"))[0]
      return { ...judged(withData({ ...own.data, [text]: random.pick(refusedTexts) })), must: "reject" }
    },
    () => ({
      ...judged(
        withData({ ...own.data, timestamp: random.pick(["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "now", "1899-12-31T23:59:59Z"]) })
      ),
      must: "reject"
    }),
    // Where the schema says only that there is an object.
    () => {
      const leg = { tournament_name: "t", sports_name: "s", odds: 2 }
      const nested = (depth: number): object => depth === 1 ? {} : { a: nested(depth - 1) }
      const [inside, must] = random.pick<readonly [object, "accept" | "reject"]>([
        [{ [random.pick(refusedTexts)]: 1 }, "reject"],
        [{ a: [random.pick(refusedTexts)] }, "reject"],
        [{ a: { raw: "1e400" } }, "reject"],
        [nested(17), "reject"],
        [nested(16), "accept"],
        [{ a: { raw: "0.1e-29" }, b: [null, true, "😀"], constructor: {} }, "accept"]
      ])
      const bets = [{ ...leg, ...random.pick([{ meta: inside }, { outcomes: [{}, inside] }]) }]
      return item.event === "realtime-sports-bet" ? { ...judged(withData({ ...own.data, bets })), must } : judged(own)
    },
    // Members that nobody asked for, and such as only look like members.
    () => {
      const extra = random.pick([
        `"__proto__":{"user_id":"${neverStored}proto","amount":1}`,
        `"constructor":{"prototype":{}}`,
        `"x":${textOf(absurdValue(random))}`,
        `"deep":${"[".repeat(1 + random.below(random.pick([62, 3000])))}`,
        `"toJSON":1,"then":2`
      ])
      const opened = /\[*$/.exec(extra)?.[0].length ?? 0
      const text = textOf(own).replace(/\}\}$/, () => `,${extra}${"]".repeat(opened)}}}`)
      // The item and its data are two levels of the 64 that are parsed.
      return { text, means, must: opened > 62 ? "reject" : "accept" }
    },
    // The last of equal keys counts.
    () => {
      const bad = `"${name}":${random.pick(["[]", "{}", "\"\\u0000\""])}`
      const text = textOf(own)
      return name in own.data && conforms(resolve, dataSchema.properties?.[name] ?? {}, []) === false && random.chance(0.5)
        ? { text: text.replace("\"data\":{", () => `"data":{${bad},`), means, must: "accept" }
        : { text: text.replace(/\}\}$/, () => `,"user_id":[]}}`), means, must: "reject" }
    },
    () => ({ text: textOf(absurdValue(random)), means, must: "reject" })
  ])()
}

/** The items that an answer says are stored. */
const acknowledgedBy = (items: ReadonlyArray<SentItem>, strict: boolean) => (answer: RawAnswer): ReadonlyArray<FastTrackItem> => {
  if (answer.status === 204) return accepted(items, new Set())
  if (answer.status !== 200 && answer.status !== 422) return []
  const report = JSON.parse(answer.body) as {
    readonly type?: string
    readonly accepted: number
    readonly duplicates: number
    readonly rejected: ReadonlyArray<{ readonly index: number; readonly issues: ReadonlyArray<unknown> }>
  }
  const rejected = new Set(report.rejected.map(({ index }) => index))
  const wronged = items.findIndex(({ must }, index) => must === "accept" && rejected.has(index))
  if (wronged !== -1) {
    throw new Error(`a valid item was rejected: ${JSON.stringify(report.rejected.find(({ index }) => index === wronged))}`)
  }
  if (report.rejected.some(({ issues }) => issues.length === 0 || issues.length > 5)) throw new Error("a rejected item needs 1 to 5 issues")
  if (report.type === "strict-refusal") {
    if (!strict) throw new Error("strict handling was not asked for")
    return []
  }
  if (report.accepted + report.duplicates + rejected.size !== items.length) throw new Error("the report does not add up")
  return accepted(items, rejected)
}

const accepted = (items: ReadonlyArray<SentItem>, rejected: ReadonlySet<number>): ReadonlyArray<FastTrackItem> =>
  items.filter((item, index) => {
    if (rejected.has(index)) return false
    if (item.must === "reject") throw new Error(`an item that the contract refuses was taken: ${item.text.slice(0, 500)}`)
    return true
  }).map(({ means }) => means)

const headers = { "x-api-key": apiKey }

const bodyOf = (random: Random, items: ReadonlyArray<SentItem>): string => {
  const list = `[${items.map(({ text }) => text).join(random.pick([",", ", ", ",\n  "]))}]`
  return random.pick([
    () => list,
    () => `{"items":${list}}`,
    () => `{"items":[1,{}],"other":{"items":[]},"items":${list}}`,
    () => `\ufeff${list}`
  ])()
}

/**
 * Valid and nearly valid batches. Requests of one `chunk` share the life cycles of some users, cut
 * into batches.
 */
export const bulkRequests = (resolve: Resolve, schemas: ItemSchemas, seed: number) => {
  const chunks = new Map<number, ReadonlyArray<ReadonlyArray<FastTrackItem>>>()
  const batchesOf = (chunk: number) => {
    const known = chunks.get(chunk)
    if (known !== undefined) return known
    const random = seededRandom(seed * 7919 + chunk)
    const { items } = generateItems({
      seed: seed * 7919 + chunk,
      users: 5,
      itemsPerUser: 30,
      userPrefix: `${chunk}-`,
      now: new Date("2026-06-15T12:00:00Z")
    })
    const batches = cutIntoBatches(random, shuffle(random, items), 12)
    chunks.clear()
    chunks.set(chunk, batches)
    return batches
  }

  return ({ name, random }: FuzzDraw, chunk: number): FuzzRequest => {
    const batch = random.pick(batchesOf(chunk))
    const sent = batch.map((item, nth) => random.chance(0.3) ? changed(random, resolve, schemas, item, `${name}-${nth}`) : valid(item))
    const items = random.chance(0.4) ? batch.map(valid) : sent
    const isStrict = random.chance(0.1)
    const body = Buffer.from(bodyOf(random, items))
    const more = isStrict ? { prefer: random.pick(["handling=strict", "respond-async, Handling=\"strict\"; a=b, wait=3"]) } : {}
    const whole = httpRequest("POST", bulkPath, { ...headers, ...more }, body)
    const acknowledged = acknowledgedBy(items, isStrict)
    const statuses = items.every(({ must }) => must === "accept")
      ? [204]
      : items.every(({ must }) => must === "reject")
      ? [422]
      : [200, 204, 422]
    return random.pick<() => FuzzRequest>([
      ...Array.from(
        { length: 12 },
        () => (): FuzzRequest => ({ kind: "batch", sending: { parts: [whole], methods: ["POST"] }, statuses, acknowledged })
      ),
      () => ({ kind: "batch in pieces", sending: { parts: cut(random, whole, 6), pause: 2, methods: ["POST"] }, statuses, acknowledged }),
      () => ({
        kind: "batch in chunks",
        sending: {
          parts: [
            httpRequest("POST", bulkPath, { ...headers, ...more, "content-type": "application/json", "transfer-encoding": "chunked" }),
            ...cut(random, body, 8).map((part) =>
              Buffer.concat([Buffer.from(`${part.length.toString(16)};x=y\r\n`), part, Buffer.from("\r\n")])
            ),
            "0\r\nTrailer: x\r\n\r\n"
          ],
          methods: ["POST"]
        },
        statuses,
        acknowledged
      }),
      () => ({
        kind: "batch from who goes away",
        sending: {
          parts: [
            httpRequest(
              "POST",
              bulkPath,
              headers,
              toBody(batch.map((item) => ({ ...item, data: { ...item.data, user_id: `${perhapsStored}${name}` } })))
            )
          ],
          methods: ["POST"],
          abandon: true
        },
        mayClose: true
      }),
      () => ({
        kind: "half a batch",
        sending: {
          parts: [
            httpRequest(
              "POST",
              bulkPath,
              { ...headers, "content-length": "100000" },
              toBody(batch.map((item) => ({ ...item, data: { ...item.data, user_id: `${neverStored}${name}` } })))
            )
          ],
          methods: ["POST"],
          abandon: true
        },
        mayClose: true
      })
    ])()
  }
}
