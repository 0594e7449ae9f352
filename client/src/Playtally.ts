import type {
  Activity,
  Board,
  Consistency,
  Counters,
  ErasureUnderWay,
  Explanation,
  FastTrackEvent,
  Games,
  GameSection,
  Granularity,
  Leaderboard,
  LeaderboardPlace,
  ListedUser,
  Period,
  RecordedEvent,
  Section
} from "./Documents.ts"
import { defaultBounds, EventSender, type SendingBounds, type SendReport } from "./EventSender.ts"
import { Exchange, type Request, type Retry, sleep } from "./Exchange.ts"
import {
  type ChangedUser,
  type ChangesStep,
  type DocumentOptions,
  followChanges,
  type NamedUser,
  type NameOptions
} from "./followChanges.ts"
import { PlaytallyError, type ProblemType } from "./PlaytallyError.ts"

export interface PlaytallyOptions {
  /** Where the service is: `https://playtally.example`. */
  readonly url: string
  /** A key of the tenant, with the scopes of what you call: `ingest`, `read`, `admin`. */
  readonly key: string
  /** Milliseconds that an attempt may take; 60 s unless set. */
  readonly timeout?: number
  /** Milliseconds that a reading is tried again; 60 s unless set. `send` and `changes` go on. */
  readonly patience?: number
  /** Bounds of `send`; those that are not named keep their defaults. */
  readonly sending?: Partial<SendingBounds>
  /** Told before a request is sent again: for your log. */
  readonly onRetry?: (retry: Retry) => void
  /** Another `fetch`, for a proxy or a test. */
  readonly fetch?: typeof fetch
}

/** What every reading takes. */
export interface ReadOptions {
  /** Ends the reading, and whatever is tried again for it. */
  readonly signal?: AbortSignal
}

/** What a reading of projections takes. */
export interface CountedOptions extends ReadOptions {
  readonly consistency?: Consistency
}

export interface CountersOptions extends CountedOptions {
  /** Only these sections. */
  readonly include?: ReadonlyArray<Section>
}

export interface PastOptions extends CountersOptions {
  /** The counters as the log stood then. */
  readonly asOf?: Date | string
}

export interface PageOptions extends ReadOptions {
  /** Most entries of a request. */
  readonly pageSize?: number
}

export interface GamesOptions extends CountedOptions {
  readonly include?: ReadonlyArray<GameSection>
  /** Only these games, up to 100, in one page. */
  readonly gameIds?: ReadonlyArray<string>
  readonly pageSize?: number
}

export interface ActivityOptions extends CountedOptions {
  /** The first and the last date, `YYYY-MM-DD` in the tenant's zone. */
  readonly from: string
  readonly to: string
  readonly granularity?: Granularity
}

export interface BoardOptions extends CountedOptions {
  readonly period?: Period
  /** Any date of the period; today unless set. */
  readonly date?: string
  /** Needed but for `login_streak`. */
  readonly currency?: string
}

export interface EraseOptions extends ReadOptions {
  /** Told how far the erasure of a long history has come. */
  readonly onProgress?: (progress: ErasureUnderWay) => void
}

/** Seconds that the service waits for its projections, in a strong reading. */
const strongWait = 30

/**
 * A client of playtally, for the tenant of its key.
 *
 * Each method asks again as long as the service says "later" or nobody answers: for the time of
 * `patience`. Then it throws a {@link PlaytallyError}, or `NoAnswer`. What is not there is
 * undefined, or nothing of an iterator. Amounts are decimal text, as the service answers them.
 */
export class Playtally {
  private readonly exchange: Exchange
  private readonly sender: EventSender

  constructor({ fetch = globalThis.fetch, key, onRetry, patience = 60_000, sending, timeout = 60_000, url }: PlaytallyOptions) {
    this.exchange = new Exchange({ url, key, timeout, patience, onRetry, fetch })
    this.sender = new EventSender(this.exchange, { ...defaultBounds, ...sending })
  }

  /**
   * Sends events, and resolves when each is in the log or rejected.
   *
   * It goes on until everything is answered, or `signal` is aborted. A resend counts once, so after
   * a failure send the same events again. The events of a user keep their order, also over several
   * calls. Await a call before you send more: it resolves as fast as the service stores.
   *
   * Rejects with a {@link PlaytallyError} if no events are taken at all, say for a wrong key.
   */
  send(events: Iterable<FastTrackEvent>, options: ReadOptions = {}): Promise<SendReport> {
    return this.sender.send(events, options.signal)
  }

  /** A user's counters; undefined for a user without events. */
  counters(userId: string, { asOf, ...options }: PastOptions = {}): Promise<Counters | undefined> {
    const query = { include: options.include?.join(","), as_of: asOf instanceof Date ? asOf.toISOString() : asOf }
    return this.find<Counters>(`${userPath(userId)}/counters`, query, options)
  }

  /** The counters of up to 500 users, all of one moment. Users without events are left out. */
  async countersOf(userIds: ReadonlyArray<string>, options: CountersOptions = {}): Promise<ReadonlyArray<Counters>> {
    if (userIds.length === 0) return []
    const { users } = await this.read<{ readonly users: ReadonlyArray<Counters> }>({
      method: "POST",
      path: withQuery("/api/v1/users/counters", { include: options.include?.join(",") }),
      body: JSON.stringify({ user_ids: userIds })
    }, options)
    return users
  }

  /** A user's counters per game, page by page; each page is of its own moment. */
  games(userId: string, { gameIds, include, pageSize, ...options }: GamesOptions = {}): AsyncGenerator<Games> {
    return this.pages<Games>(`${userPath(userId)}/games`, { include: include?.join(","), game_id: gameIds, limit: pageSize }, options)
  }

  /** What a user did, by day, week or month; undefined for a user without events. */
  activity(userId: string, { from, granularity, to, ...options }: ActivityOptions): Promise<Activity | undefined> {
    return this.find<Activity>(`${userPath(userId)}/activity`, { from, to, granularity }, options)
  }

  /** The first users of a board. */
  leaderboard(
    board: Board,
    { currency, date, limit, period, ...options }: BoardOptions & { readonly limit?: number } = {}
  ): Promise<Leaderboard> {
    return this.read<Leaderboard>({ path: withQuery(boardPath(board), { period, date, currency, limit }) }, options)
  }

  /** A user's rank and the neighbours; undefined for a user who is not on the board. */
  leaderboardPlace(
    board: Board,
    userId: string,
    { currency, date, neighbours, period, ...options }: BoardOptions & { readonly neighbours?: number } = {}
  ): Promise<LeaderboardPlace | undefined> {
    const path = `${boardPath(board)}/users/${encodeURIComponent(userId)}`
    return this.find<LeaderboardPlace>(path, { period, date, currency, neighbours }, options)
  }

  /** A user's events, newest first. */
  async *events(userId: string, { pageSize, ...options }: PageOptions = {}): AsyncGenerator<RecordedEvent> {
    const pages = this.pages<Page & { readonly events: ReadonlyArray<RecordedEvent> }>(
      `${userPath(userId)}/events`,
      { limit: pageSize },
      options
    )
    for await (const { events } of pages) yield* events
  }

  /**
   * The events that make a number, in pages, each with what it contributes.
   *
   * `path` names the number in the counters document: `["casino", "EUR", "bet_amount"]`, or the
   * text that the service takes. A long history takes several requests, which make progress.
   */
  explain(userId: string, path: string | ReadonlyArray<string>, { pageSize, ...options }: PageOptions = {}): AsyncGenerator<Explanation> {
    const text = typeof path === "string" ? path : path.map((name) => name.replaceAll("~", "~0").replaceAll(".", "~1")).join(".")
    return this.pages<Explanation>(`${userPath(userId)}/counters/explain`, { path: text, limit: pageSize }, options)
  }

  /** The tenant's users, in the order of their ids. */
  async *users({ pageSize, ...options }: PageOptions = {}): AsyncGenerator<ListedUser> {
    const pages = this.pages<Page & { readonly users: ReadonlyArray<ListedUser> }>("/api/v1/users", { limit: pageSize }, options)
    for await (const { users } of pages) yield* users
  }

  /**
   * Follows the counters of all users: every user once, and then every change at least once.
   *
   * It never ends by itself unless `until` is set: leave the loop, or abort `signal`. Changes
   * without events are told too: another version of a projection, an erasure, a log that went back.
   * See README.md.
   */
  changes(options: DocumentOptions): AsyncGenerator<ChangesStep<ChangedUser>>
  changes(options?: NameOptions): AsyncGenerator<ChangesStep<NamedUser>>
  changes(options: DocumentOptions | NameOptions = {}): AsyncGenerator<ChangesStep<ChangedUser | NamedUser>> {
    return followChanges(this.exchange, options)
  }

  /**
   * Removes a user's personal data for good, and resolves when that is done.
   *
   * `nothing-known` says that there was nothing. To erase again is as good as to erase once.
   */
  async erase(userId: string, { onProgress, signal }: EraseOptions = {}): Promise<"erased" | "nothing-known"> {
    for (;;) {
      const answer = await absent(this.exchange.ask({ method: "DELETE", path: userPath(userId), signal }), "nothing-known")
      if (answer === undefined) return "nothing-known"
      if (answer.status !== 202) return "erased"
      onProgress?.(answer.body as ErasureUnderWay)
      await sleep((answer.retryAfter ?? 1) * 1000, signal)
    }
  }

  private async read<Document>(request: Request, { consistency, signal }: CountedOptions): Promise<Document> {
    if (consistency !== "strong") return (await this.exchange.ask({ ...request, signal })).body as Document
    const path = `${request.path}${request.path.includes("?") ? "&" : "?"}consistency=strong`
    return (await this.exchange.ask({ ...request, path, prefer: `wait=${strongWait}`, signal })).body as Document
  }

  private find<Document>(path: string, query: Query, options: CountedOptions): Promise<Document | undefined> {
    return absent(this.read<Document>({ path: withQuery(path, query) }, options), "user-not-found", "user-not-on-leaderboard")
  }

  /** The pages of an endpoint; none for what is not there. */
  private async *pages<Document extends Page>(path: string, query: Query, options: CountedOptions): AsyncGenerator<Document> {
    for (let cursor: string | undefined;;) {
      const reading = this.read<Document>({ path: withQuery(path, { ...query, cursor }) }, options)
      const page = await absent(reading, "user-not-found", "counter-not-found")
      if (page === undefined) return
      yield page
      if (page.next_cursor === null) return
      cursor = page.next_cursor
    }
  }
}

interface Page {
  readonly next_cursor: string | null
}

type Query = Readonly<Record<string, string | number | ReadonlyArray<string> | undefined>>

const userPath = (userId: string) => `/api/v1/users/${encodeURIComponent(userId)}`
const boardPath = (board: string) => `/api/v1/leaderboards/${encodeURIComponent(board)}`

const withQuery = (path: string, query: Query): string => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : (typeof value === "object" ? value : [value]).map((one) => `${name}=${encodeURIComponent(one)}`)
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`
}

/** Undefined in place of a problem that says that something is not there. */
const absent = async <A>(asking: Promise<A>, ...types: ReadonlyArray<ProblemType>): Promise<A | undefined> => {
  try {
    return await asking
  } catch (cause) {
    if (cause instanceof PlaytallyError && types.some((type) => type === cause.type)) return undefined
    throw cause
  }
}
