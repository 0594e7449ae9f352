import { httpRequest } from "../fuzz/FuzzRequest.ts"
import { type RawAnswer, RawClient } from "../fuzz/rawHttp.ts"
import type { DescribedAnswer, Operation } from "./ApiDescription.ts"

/**
 * A request of an operation. It carries the key that may do everything, unless its headers say
 * otherwise.
 */
export interface Asked {
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Headers of the connection and of the message itself, which a description leaves to HTTP. */
const ofHttp = new Set([
  "connection",
  "content-length",
  "content-type",
  "date",
  "keep-alive",
  "transfer-encoding",
  "vary",
  "x-content-type-options"
])

const patience = 15_000

/** The answer with a problem's type. */
export interface Answer extends RawAnswer {
  readonly json: Readonly<Record<string, unknown>>
  readonly problem: string
}

const jsonOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

/** Whether a media type is the one described, which may leave out parameters. */
const isMediaType = (described: string, sent: string): boolean => sent === described || sent.startsWith(`${described};`)

/** Asks the service, and holds each answer against what the description says of the operation. */
export class Judge {
  /** What is not as described: a line each. */
  readonly findings = new Set<string>()
  /** Operations with a status and, if it is a problem, its type. */
  readonly seen = new Set<string>()
  /** The same with a header. */
  readonly seenHeaders = new Set<string>()
  asked = 0
  private readonly client: RawClient
  private readonly key: string

  constructor(url: string, key: string) {
    this.client = new RawClient(url)
    this.key = key
  }

  close(): void {
    this.client.close()
  }

  /** Sends a request of an operation. */
  async ask(operation: Operation, asked: Asked): Promise<Answer> {
    const headers = { ...operation.needsKey ? { "x-api-key": this.key } : {}, ...asked.headers }
    const bytes = httpRequest(operation.method, asked.target, headers, asked.body)
    return this.judge(operation, await this.exchange([operation.method], bytes), asked.target)
  }

  /**
   * Sends bytes that are a request of an operation, or begin one, on a connection that carries no
   * other afterwards.
   */
  async sendLast(operation: Operation, bytes: string | Uint8Array, shown: string): Promise<Answer> {
    return this.judge(operation, await this.exchange([operation.method], bytes, true), shown)
  }

  /** Sends a request that need not be one of an operation. */
  async exchange(methods: readonly [string], bytes: string | Uint8Array, last = false): Promise<RawAnswer> {
    this.asked += 1
    const { answers: [answer], problem } = await this.client.exchange({ parts: [bytes], methods, last }, patience)
    if (answer === undefined) throw new Error(`no answer: ${problem ?? "none"} to ${String(bytes).slice(0, 200)}`)
    return answer
  }

  private judge(operation: Operation, raw: RawAnswer, shown: string): Answer {
    const json = jsonOf(raw.body)
    const answer: Answer = { ...raw, json, problem: raw.status >= 400 ? String(json["type"]) : "" }
    for (const finding of this.wrongWith(operation, answer)) this.report(operation, shown, `${answer.status}: ${finding}`)
    return answer
  }

  report(operation: Operation, shown: string, finding: string): void {
    this.findings.add(`${operation.name}: ${finding} (${shown.slice(0, 300)})`)
  }

  private *wrongWith({ answers, name }: Operation, answer: Answer): Generator<string> {
    const { headers, status } = answer
    const described = answers.get(status)
    if (described === undefined) {
      yield `the status is not described: ${answer.body.slice(0, 200)}`
      return
    }
    this.seen.add(`${name} ${status} ${answer.problem}`.trim())
    if (answer.problem !== "" && !described.problems.includes(answer.problem)) yield `the problem ${answer.problem} is not described`
    if (answer.problem !== "" && answer.json["status"] !== status) yield `the problem says ${String(answer.json["status"])}`
    yield* wrongWithBody(described, answer)
    for (const header of headers.keys()) {
      if (ofHttp.has(header)) continue
      if (described.headers.has(header)) this.seenHeaders.add(`${name} ${status} ${header}`)
      else yield `the header ${header} is not described`
    }
    for (const [header, isRequired] of described.headers) if (isRequired && !headers.has(header)) yield `the header ${header} is missing`
  }
}

function* wrongWithBody({ contents }: DescribedAnswer, { body, headers }: RawAnswer): Generator<string> {
  const sent = headers.get("content-type")
  if (contents.size === 0) {
    if (sent !== undefined || body !== "") yield `there is a body that is not described: ${sent ?? ""}`
    return
  }
  const content = [...contents].find(([type]) => isMediaType(type, sent ?? ""))
  if (content === undefined) {
    yield `the content type ${sent ?? "none"} is not described`
    return
  }
  const [type, check] = content
  let value: unknown = body
  if (/[/+]json$/.test(type)) {
    try {
      value = JSON.parse(body)
    } catch {
      yield "the body is not JSON"
      return
    }
  }
  for (const error of check(value)?.slice(0, 1) ?? []) {
    yield `the body is not as described: ${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)} in ${
      body.slice(0, 200)
    }`
  }
}
