import { NoAnswer, PlaytallyError, type ProblemDetails, unexpectedAnswer } from "./PlaytallyError.ts"

/** A request, and how long it may take. */
export interface Request {
  readonly method?: "GET" | "POST" | "DELETE"
  /** Path and query. */
  readonly path: string
  /** JSON text. */
  readonly body?: string
  readonly prefer?: string
  /** Milliseconds that one attempt may take. */
  readonly timeout?: number
  /** Milliseconds until nothing is tried again; without end if it is `Infinity`. */
  readonly patience?: number
  /** Statuses after which the request is sent again, beside those of every request. */
  readonly again?: ReadonlySet<number>
  /** Ends the request and its repetitions. */
  readonly signal?: AbortSignal | undefined
  /** Asked before each repetition: whether anybody still waits for the answer. */
  readonly isWanted?: () => boolean
}

/** An answer that is no problem. `body` is undefined where there is none. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly retryAfter: number | undefined
}

/** What is told before a request is sent again. */
export interface Retry {
  readonly cause: NoAnswer | PlaytallyError
  /** 1 before the second attempt. */
  readonly attempt: number
  /** Milliseconds until then. */
  readonly pause: number
  /** Without the query. */
  readonly path: string
}

/** Where the service is, and how it is asked. */
export interface ExchangeOptions {
  readonly url: string
  readonly key: string
  readonly timeout: number
  readonly patience: number
  readonly onRetry: ((retry: Retry) => void) | undefined
  readonly fetch: typeof fetch
}

/** Statuses that say "later": of the service, and of what stands before it. */
const later: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

/** Milliseconds of the first pause, and of the longest without and with `Retry-After`. */
const firstPause = 100
const longestPause = 2000
const longestRetryAfter = 300_000

/** Asks the service, again and again as long as it says "later" or nobody answers. */
export class Exchange {
  private readonly options: ExchangeOptions
  private readonly url: string

  /** Throws a `TypeError` for what no request could be made with, which would be tried for ever. */
  constructor(options: ExchangeOptions) {
    const { hash, password, protocol, search, username } = new URL(options.url)
    if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== "") {
      throw new TypeError("the URL of a service has http or https, and no user, password, query or fragment")
    }
    void new Headers({ "x-api-key": options.key })
    this.options = options
    this.url = options.url.replace(/\/+$/, "")
  }

  /**
   * Gives the answer of the first attempt that has a final one.
   *
   * Throws a {@link PlaytallyError} for a problem that is final, and the last failure when patience
   * ends. Throws the reason of the signal when that is aborted.
   */
  async ask(request: Request): Promise<Answer> {
    const patience = request.patience ?? this.options.patience
    let deadline = performance.now() + patience
    for (let attempt = 1;; attempt++) {
      try {
        return await this.askOnce(request)
      } catch (cause) {
        request.signal?.throwIfAborted()
        if (!(cause instanceof NoAnswer || cause instanceof PlaytallyError) || !isTransient(cause, request)) throw cause
        // It goes on where it was: to ask again makes progress.
        if (cause instanceof PlaytallyError && cause.type === "history-unfinished") deadline = performance.now() + patience
        const pause = pauseAfter(cause, attempt)
        if (performance.now() + pause > deadline || request.isWanted?.() === false) throw cause
        this.options.onRetry?.({ cause, attempt, pause, path: withoutQuery(request.path) })
        await sleep(pause, request.signal)
      }
    }
  }

  private async askOnce({ body, method = "GET", path, prefer, signal, timeout = this.options.timeout }: Request): Promise<Answer> {
    const ending = new AbortController()
    const end = () => ending.abort(signal?.reason)
    if (signal?.aborted === true) end()
    signal?.addEventListener("abort", end)
    const timer = setTimeout(() => ending.abort(new Error(`not within ${timeout} ms`)), timeout)
    try {
      // A redirection would take the key to another place.
      const init: RequestInit = { method, headers: this.headers(body, prefer), signal: ending.signal, redirect: "manual" }
      const response = await this.options.fetch.call(globalThis, this.url + path, body === undefined ? init : { ...init, body })
      return answerOf(response, await response.text())
    } catch (cause) {
      throw cause instanceof PlaytallyError
        ? cause
        : new NoAnswer(withoutQuery(path), ending.signal.aborted ? ending.signal.reason : causeOf(cause))
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener("abort", end)
    }
  }

  private headers(body: string | undefined, prefer: string | undefined): Record<string, string> {
    return {
      "x-api-key": this.options.key,
      accept: "application/json",
      ...body === undefined ? {} : { "content-type": "application/json" },
      ...prefer === undefined ? {} : { prefer }
    }
  }
}

const withoutQuery = (path: string): string => path.replace(/\?.*/, "")

/** The failure below "fetch failed", which says nothing. */
const causeOf = (failure: unknown): unknown => failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure

const isTransient = (cause: NoAnswer | PlaytallyError, { again }: Request): boolean => {
  if (cause instanceof NoAnswer) return true
  // No time helps while an operator does not.
  if (cause.type === "projection-parked") return false
  return later.has(cause.status) || again?.has(cause.status) === true
}

/** Doubles up to its bound, and some of it by chance, so that clients do not come back together. */
const pauseAfter = (cause: NoAnswer | PlaytallyError, attempt: number): number => {
  const chance = 0.5 + Math.random() / 2
  const asked = cause instanceof PlaytallyError ? cause.retryAfter : undefined
  if (asked !== undefined) return Math.min(asked * 1000, longestRetryAfter) * (1.5 - chance / 2)
  return Math.min(firstPause * 2 ** Math.min(attempt - 1, 20), longestPause) * chance
}

/** Waits, unless the signal is aborted: then it throws the reason. */
export const sleep = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const wake = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", wake)
      if (signal?.aborted === true) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    signal?.addEventListener("abort", wake)
  })

const answerOf = (response: Response, text: string): Answer => {
  const { headers, status } = response
  const retryAfter = secondsOf(headers.get("retry-after"))
  const body = parsed(text)
  if (status >= 200 && status < 300 && (text === "" || body !== undefined)) return { status, body, retryAfter }
  throw new PlaytallyError(problemOf(status, body, { text, retryAfter }))
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const problemOf = (
  status: number,
  body: unknown,
  { retryAfter, text }: { readonly text: string; readonly retryAfter: number | undefined }
): ProblemDetails => {
  if (isRecord(body) && typeof body["type"] === "string" && typeof body["title"] === "string") {
    const { detail, title, type } = body
    return {
      type: type as ProblemDetails["type"],
      status,
      title,
      detail: typeof detail === "string" ? detail : undefined,
      retryAfter,
      problem: body
    }
  }
  const detail = text.slice(0, 200)
  return { type: unexpectedAnswer, status, title: "This is no answer of playtally", detail, retryAfter, problem: {} }
}

/** `Retry-After` in seconds, or as the time at which they have passed (RFC 9110). */
const secondsOf = (header: string | null): number | undefined => {
  if (header === null) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}
