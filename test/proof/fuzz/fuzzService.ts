import { performance } from "node:perf_hooks"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { seededRandom } from "../../oracle/random.ts"
import { apiKey } from "../../support/service/ServiceProcess.ts"
import { absurdRequest, malformedRequest, mislabelledRequest } from "./brokenRequests.ts"
import { bulkRequests } from "./bulkRequests.ts"
import type { FuzzRequest } from "./FuzzRequest.ts"
import type { JsonSchema, Resolve } from "./JsonSchema.ts"
import { type Exchange, type RawAnswer, RawClient } from "./rawHttp.ts"
import { type Operation, readingRequests } from "./readingRequests.ts"

/** Milliseconds that any answer may take, on a machine that others use too. */
const patience = 15_000
/** What is no request may leave the service waiting for the rest of it. */
const malformedPatience = 250
const clients = 12
/** Requests that share the life cycles of some users. */
const chunkSize = 100

export interface FuzzOptions {
  readonly url: string
  readonly seed: number
  readonly requests: number
  /** The first request, to make one of a run again. */
  readonly from?: number
  /** Called now and then, with what has been sent. */
  readonly progress?: (sent: number) => Promise<void>
}

export interface FuzzOutcome {
  /** What the service said is stored. */
  readonly acknowledged: ReadonlyArray<FastTrackItem>
  /** How many answers of each status; 0 is no answer. */
  readonly statuses: ReadonlyMap<number, number>
  readonly slowest: { readonly milliseconds: number; readonly request: string }
}

/** A check that failed, with what it takes to see it again. */
export class FuzzFailure extends Error {}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: Operation["parameters"]
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
          }
        >
      >
    >
  >
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

/** Reads what there is to be asked and sent from the service's own description. */
const describe = async (url: string) => {
  const document = await (await fetch(`${url}/openapi.json`)).json() as Document
  const resolve: Resolve = (schema) => {
    const name = schema.$ref?.split("/").at(-1)
    const named = name === undefined ? undefined : document.components.schemas[name]
    return named === undefined ? schema : resolve(named)
  }
  const items = new Map(
    Object.values(document.components.schemas).flatMap((schema) => {
      const kind = schema.properties?.["event"]?.enum?.[0]
      return typeof kind === "string" && schema.properties?.["data"] !== undefined && schema.properties["slice"] === undefined
        ? [[kind, schema] as const]
        : []
    })
  )
  const operations: ReadonlyArray<Operation> = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).filter(() => !path.includes("fasttrack")).map(([method, { parameters = [], requestBody }]) => {
      const body = requestBody?.content["application/json"]?.schema
      return { method: method.toUpperCase(), path, parameters, ...body === undefined ? {} : { body } }
    })
  )
  return { resolve, items, operations: [...operations, { method: "GET", path: "/openapi.json", parameters: [] }] }
}

/** 503 is right where the service says when to come again and why. */
const passing = new Set(["overloaded", "projection-behind"])

const judge = (request: FuzzRequest, answer: RawAnswer): void => {
  const { body, headers, status } = answer
  const isHead = request.sending.methods.at(-1) === "HEAD"
  if (status >= 500) {
    const isPassing = status === 503 && headers.has("retry-after") &&
      (isHead || passing.has((JSON.parse(body) as { readonly type: string }).type))
    if (!isPassing) throw new Error(`${status}: ${body}`)
  }
  if (status >= 400 && !isHead) {
    if (headers.get("content-type") !== "application/problem+json") throw new Error(`${status} is no problem+json: ${body.slice(0, 300)}`)
    const problem = JSON.parse(body) as Readonly<Record<string, unknown>>
    if (problem["status"] !== status || typeof problem["type"] !== "string" || typeof problem["title"] !== "string") {
      throw new Error(`not a whole problem: ${body.slice(0, 300)}`)
    }
  }
  if (headers.get("content-type") === "application/json" && !isHead) JSON.parse(body)
  if (body.includes(apiKey)) throw new Error("the answer repeats the key")
  if (status !== 503 && request.statuses?.includes(status) === false) {
    throw new Error(`${status} instead of ${request.statuses.join(" or ")}: ${body.slice(0, 300)}`)
  }
}

const shown = ({ sending }: FuzzRequest): string => {
  const text = Buffer.concat(sending.parts.map((part) => Buffer.from(part))).toString("latin1")
  return JSON.stringify(text.length > 3000 ? `${text.slice(0, 2500)} … ${text.length} bytes … ${text.slice(-300)}` : text)
}

/**
 * Sends the requests that a seed makes, checks every answer, and gives what was acknowledged. Fails
 * with the first {@link FuzzFailure}.
 */
export const fuzzService = async ({ from = 0, progress, requests, seed, url }: FuzzOptions): Promise<FuzzOutcome> => {
  const { items, operations, resolve } = await describe(url)
  if (items.size !== 6) throw new Error(`the document describes ${items.size} kinds of items`)
  const bulk = bulkRequests(resolve, items, seed)
  const reading = readingRequests(operations, resolve)
  const acknowledged: Array<FastTrackItem> = []
  const statuses = new Map<number, number>()
  const cursors: Array<string> = []
  let slowest = { milliseconds: 0, request: "" }
  const client = new RawClient(url)

  const make = (index: number): FuzzRequest => {
    const random = seededRandom(seed * 1_000_003 + index)
    const chunk = Math.floor(index / chunkSize)
    const draw = { random, name: `${seed}-${index}` }
    const kind = random.below(100)
    if (kind < 45) return bulk(draw, chunk)
    if (kind < 75) return reading(draw, { knownUsers: [`${chunk}-player-1`, `${chunk}-player-2`, `${chunk}-player-4`, "nobody"], cursors })
    if (kind < 87) return absurdRequest(draw)
    return kind < 94 ? mislabelledRequest(draw) : malformedRequest(draw)
  }

  const account = (request: FuzzRequest, exchange: Exchange): void => {
    const [answer] = exchange.answers
    if (answer === undefined) {
      statuses.set(0, (statuses.get(0) ?? 0) + 1)
      if (request.mayClose !== true) throw new Error(`no answer: ${exchange.problem ?? "none"}`)
      if (exchange.problem === "not HTTP") throw new Error("the answer is not HTTP")
      return
    }
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    judge(request, answer)
    if (request.acknowledged !== undefined) acknowledged.push(...request.acknowledged(answer))
    const cursor = /"next_cursor":"([^"]+)"/.exec(answer.body)?.[1]
    if (cursor !== undefined) cursors[cursors.length < 50 ? cursors.length : answer.body.length % 50] = cursor
  }

  /**
   * Several requests at once on one connection, or one. Answers come in order; one that closes the
   * connection may be the last.
   */
  const send = async (indexes: ReadonlyArray<number>) => {
    const made = indexes.map((index) => ({ index, request: make(index) }))
    const isPlain = ({ request: { mayClose, sending } }: typeof made[number]) => mayClose !== true && sending.parts.length === 1
    const together = made.length > 1 && made.every(isPlain) ? [made] : made.map((one) => [one])
    for (const group of together) {
      const began = performance.now()
      const isMalformed = group.some(({ request }) => request.kind === "malformed")
      const { answers, problem } = await client.exchange({
        parts: group.length > 1
          ? [Buffer.concat(group.flatMap(({ request }) => request.sending.parts.map((part) => Buffer.from(part))))]
          : group[0]?.request.sending.parts ?? [],
        methods: group.flatMap(({ request }) => request.sending.methods),
        ...group.length === 1 ? group[0]?.request.sending : {}
      }, isMalformed ? malformedPatience : patience)
      const milliseconds = performance.now() - began
      if (milliseconds > slowest.milliseconds) {
        slowest = {
          milliseconds,
          request: group.map(({ index, request }) => `${request.kind} (${index})`).join(", ")
        }
      }
      const closedBy = answers.findIndex(({ headers }) => headers.get("connection")?.toLowerCase() === "close")
      for (const [nth, { index, request }] of group.entries()) {
        const answer = answers[nth]
        if (answer === undefined && nth > 0 && closedBy === nth - 1) break
        try {
          account(request, { answers: answer === undefined ? [] : [answer], ...problem === undefined ? {} : { problem } })
        } catch (cause) {
          const message = cause instanceof Error ? cause.message : String(cause)
          const again = `FUZZ_SEED=${seed} FUZZ_FROM=${index} FUZZ_REQUESTS=1 npm run test:fuzz`
          throw new FuzzFailure(
            `seed ${seed}, request ${index} (${request.kind}): ${message}\n  again: ${again}\n  sent:  ${shown(request)}`,
            { cause }
          )
        }
      }
    }
  }

  let next = from
  let failed = false
  const work = async () => {
    while (next < from + requests && !failed) {
      const index = next
      const pipelined = seededRandom(index ^ seed).chance(0.05) ? 8 : 1
      const indexes = Array.from({ length: Math.min(pipelined, from + requests - index) }, (_, nth) => index + nth)
      next += indexes.length
      try {
        await send(indexes)
      } catch (cause) {
        failed = true
        throw cause
      }
      if (Math.floor((index + indexes.length) / 1000) > Math.floor(index / 1000)) await progress?.(index - from)
    }
  }
  try {
    await Promise.all(Array.from({ length: clients }, work))
  } finally {
    client.close()
  }
  return { acknowledged, statuses, slowest }
}
