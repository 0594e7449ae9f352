import type { ChangesPage, Counters, Kept, Section } from "./Documents.ts"
import type { Exchange } from "./Exchange.ts"
import { PlaytallyError } from "./PlaytallyError.ts"

/** Where a follower keeps how far it has come, so that it goes on there after a restart. */
export interface CursorStore {
  /** The cursor that was kept last; undefined before the first. */
  readonly load: () => string | undefined | Promise<string | undefined>
  /**
   * Keeps a cursor, after the loop has come back for the next step.
   *
   * Leave it out if you keep the `cursor` of each step in one transaction with your numbers.
   */
  readonly save?: (cursor: string) => void | Promise<void>
}

/** What a follower has of a user: what `changes` gave it, or as much of that. */
export interface HeldUser {
  readonly user_id: string
  readonly ref: string
  readonly slice: number
  /** Of the document. */
  readonly position: number
  /** Of the document. */
  readonly generations: Readonly<Record<string, number>>
}

/** A user whose counters may have changed, with the counters. */
export interface ChangedUser extends HeldUser {
  readonly document: Counters
}

/** A user whose counters may have changed, if no documents are asked for. */
export interface NamedUser {
  readonly user_id: string
  readonly ref: string
  readonly slice: number
  readonly position: number
}

/** A user whose counters have changed and cannot be answered. */
export interface UnreadableUser {
  readonly user_id: string
  readonly ref: string
  readonly problem: PlaytallyError
}

/** A step of the feed. Apply `forget`, then `changed`; then keep `cursor`. */
export interface ChangesStep<Changed = ChangedUser> {
  /** The `ref` of users who are gone: erased, or lost with the history that had them. */
  readonly forget: ReadonlyArray<string>
  /** What you have of these users is out of date: put this in its place. */
  readonly changed: ReadonlyArray<Changed>
  /** What you have of these users is out of date, and there is nothing to put in its place. */
  readonly unreadable: ReadonlyArray<UnreadableUser>
  /** Set after the log has gone back, if no documents are asked for (docs/reading.md). */
  readonly kept: Kept | null
  readonly cursor: string
}

interface CommonOptions {
  /** Where the cursor is kept. Without one it begins at `from`. */
  readonly cursor?: CursorStore
  /** Where to begin without a cursor: every user once (`start`, the default), or what comes now. */
  readonly from?: "start" | "now"
  /** Most users of a step. */
  readonly limit?: number
  /** Seconds that the service waits for a change, up to 60. */
  readonly wait?: number
  /** `caught-up`: end when all is told that was in the log. Else it goes on for ever. */
  readonly until?: "caught-up"
  readonly signal?: AbortSignal
}

/** To follow the documents of all users. */
export interface DocumentOptions extends CommonOptions {
  readonly include: "all" | ReadonlyArray<Section>
  /**
   * Gives what the follower has by now. It is asked after the log has gone back.
   *
   * PostgreSQL was restored, or a standby has taken over that lacked events. Whatever may count
   * what is lost is read again, and told like any other change.
   */
  readonly held: () => Iterable<HeldUser> | AsyncIterable<HeldUser>
}

/** To hear whose counters may have changed. */
export interface NameOptions extends CommonOptions {
  readonly include?: undefined
  readonly held?: undefined
}

type AnyOptions = DocumentOptions | NameOptions

/** Users whose documents are read at once. */
const usersPerRead = 500

/** Follows the changes; each step is told until the loop has come back for the next one. */
export async function* followChanges(exchange: Exchange, options: AnyOptions): AsyncGenerator<ChangesStep<ChangedUser | NamedUser>> {
  const { from = "start", signal, until } = options
  let cursor = await options.cursor?.load()
  for (;;) {
    const page = await askForPage(exchange, cursor === undefined ? `from=${from}` : `cursor=${encodeURIComponent(cursor)}`, options)
    const { kept, next_cursor: next } = page
    if (kept !== null && options.include !== undefined && cursor !== undefined) yield* readAgain(exchange, { kept, cursor }, options)
    const step = stepOf(page, options)
    if (next !== cursor) {
      yield step
      await options.cursor?.save?.(next)
    } else if (until === "caught-up") return
    cursor = next
    signal?.throwIfAborted()
  }
}

const askForPage = async (exchange: Exchange, place: string, { include, limit, signal, until, wait = 30 }: AnyOptions) => {
  const waiting = until === "caught-up" ? 0 : wait
  const query = [
    place,
    `wait=${waiting}`,
    ...until === "caught-up" ? ["consistency=strong"] : [],
    ...limit === undefined ? [] : [`limit=${limit}`],
    ...include === undefined ? [] : [`include=${includeText(include)}`]
  ]
  const { body } = await exchange.ask({
    path: `/api/v1/changes?${query.join("&")}`,
    timeout: (waiting + 60) * 1000,
    patience: Number.POSITIVE_INFINITY,
    signal
  })
  return body as ChangesPage
}

const includeText = (include: DocumentOptions["include"]) => include === "all" ? include : include.join(",")

const stepOf = (
  { changes, erased, kept, next_cursor: cursor }: ChangesPage,
  { include }: AnyOptions
): ChangesStep<ChangedUser | NamedUser> => {
  const changed: Array<ChangedUser | NamedUser> = []
  const unreadable: Array<UnreadableUser> = []
  for (const { document, position, problem, ref, slice, user_id } of changes) {
    if (include === undefined) changed.push({ user_id, ref, slice, position })
    else if (problem !== undefined) unreadable.push({ user_id, ref, problem: problemOf(problem) })
    // Without a document the user is being erased, which is told by itself.
    else if (document !== undefined && document !== null) changed.push(changedUser(document, slice))
  }
  return { forget: erased.map(({ ref }) => ref), changed, unreadable, kept: include === undefined ? kept : null, cursor }
}

const changedUser = (document: Counters, slice: number): ChangedUser => {
  const { generations, position, ref, user_id } = document
  return { user_id, ref, slice, position, generations, document }
}

/** Where a log went back to, and the cursor that is told of it again if this is not done. */
interface Loss {
  readonly kept: Kept
  readonly cursor: string
}

/** Reads whatever may count what the log has lost, and tells it. */
async function* readAgain(exchange: Exchange, { cursor, kept }: Loss, options: DocumentOptions): AsyncGenerator<ChangesStep<ChangedUser>> {
  const positions = new Map(kept.slices.map(({ position, slice }) => [slice, position]))
  const mayBeLost = ({ generations, position, slice }: HeldUser): boolean => {
    const upTo = positions.get(slice)
    // Slices that are not there have lost nothing.
    return upTo !== undefined && (position > upTo || Object.values(generations).some((generation) => generation > kept.generation))
  }
  let users: Array<HeldUser> = []
  for await (const user of options.held()) {
    if (mayBeLost(user)) users.push(user)
    if (users.length < usersPerRead) continue
    yield { ...await readUsers(exchange, users, options), cursor }
    users = []
  }
  if (users.length > 0) yield { ...await readUsers(exchange, users, options), cursor }
}

/** The documents of users by now; in halves if they are too much for one answer. */
const readUsers = async (
  exchange: Exchange,
  users: ReadonlyArray<HeldUser>,
  options: DocumentOptions
): Promise<Omit<ChangesStep<ChangedUser>, "cursor">> => {
  const query = options.include === "all" ? "" : `?include=${includeText(options.include)}`
  try {
    const { body } = await exchange.ask({
      method: "POST",
      path: `/api/v1/users/counters${query}`,
      body: JSON.stringify({ user_ids: users.map(({ user_id }) => user_id) }),
      patience: Number.POSITIVE_INFINITY,
      signal: options.signal
    })
    const found = new Map((body as { readonly users: ReadonlyArray<Counters> }).users.map((document) => [document.user_id, document]))
    return {
      forget: users.filter(({ user_id }) => !found.has(user_id)).map(({ ref }) => ref),
      changed: users.flatMap(({ slice, user_id }) => {
        const document = found.get(user_id)
        return document === undefined ? [] : [changedUser(document, slice)]
      }),
      unreadable: [],
      kept: null
    }
  } catch (cause) {
    if (!(cause instanceof PlaytallyError) || (cause.type !== "too-many-rows" && cause.type !== "answer-too-large")) throw cause
    const [only] = users
    if (only !== undefined && users.length === 1) {
      return { forget: [], changed: [], unreadable: [{ user_id: only.user_id, ref: only.ref, problem: cause }], kept: null }
    }
    const half = users.length >> 1
    const first = await readUsers(exchange, users.slice(0, half), options)
    const second = await readUsers(exchange, users.slice(half), options)
    return {
      forget: [...first.forget, ...second.forget],
      changed: [...first.changed, ...second.changed],
      unreadable: [...first.unreadable, ...second.unreadable],
      kept: null
    }
  }
}

const problemOf = (problem: NonNullable<ChangesPage["changes"][number]["problem"]>): PlaytallyError => {
  const { detail, status, title, type } = problem
  return new PlaytallyError({ type, status, title, detail, retryAfter: undefined, problem: { ...problem } })
}
