import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type ChangedUser, type ChangesStep, type Counters, Playtally, PlaytallyError } from "../../client/src/index.ts"
import { mirrorCounters } from "./mirrorCounters.ts"
import { type Asked, problem, type Reply, stubService } from "./stubService.ts"

const document = (user_id: string, position: number, generation = 0) => ({
  user_id,
  ref: `ref of ${user_id}`,
  time_zone: "UTC",
  position,
  generations: { casino: generation }
} satisfies Counters)

const change = (user_id: string, position: number, more: object = { document: document(user_id, position) }) => ({
  user_id,
  ref: `ref of ${user_id}`,
  slice: 7,
  position,
  ...more
})

const page = (next_cursor: string, more: object = {}): Reply => ({
  status: 200,
  body: { kept: null, erased: [], changes: [], next_cursor, ...more }
})

/** What has been put, by position, and a client of a stub. */
const follow = (answer: (asked: Asked) => Reply, use: (playtally: Playtally) => Promise<void>) =>
  Effect.scoped(Effect.flatMap(stubService(answer), (url) => Effect.promise(() => use(new Playtally({ url, key: "k" })))))

const queryOf = ({ path }: Asked) => Object.fromEntries(new URL(path, "http://stub").searchParams)

/** A store in memory, with what has been saved. */
const memoryStore = (first?: string) => {
  const saved: Array<string> = []
  return { saved, load: () => saved.at(-1) ?? first, save: (cursor: string) => void saved.push(cursor) }
}

const held = (...documents: ReadonlyArray<Counters>) =>
  new Map(documents.map(({ generations, position, ref, user_id }, index): [string, ChangedUser] => [
    ref,
    { user_id, ref, position, generations, slice: index < 4 ? 7 : 8, document: document(user_id, position, generations["casino"] ?? 0) }
  ]))

describe("changes that a client follows", () => {
  it.live("begin at the start, go on at the kept cursor, and keep a cursor when its step is done with", () => {
    const asked: Array<Record<string, string>> = []
    const answer = (request: Asked) => {
      asked.push(queryOf(request))
      return page(`c${asked.length}`, { changes: [change("a", asked.length)] })
    }
    return follow(answer, async (playtally) => {
      const cursor = memoryStore()
      const seen: Array<string> = []
      for (let round = 0; round < 2; round++) {
        for await (const step of playtally.changes({ cursor, include: ["casino", "logins"], held: () => [], limit: 9, wait: 1 })) {
          seen.push(step.cursor)
          // The last step of each round is not done with.
          if (seen.length % 3 === 0) break
        }
      }
      assert.deepStrictEqual(seen, ["c1", "c2", "c3", "c4", "c5", "c6"])
      assert.deepStrictEqual(cursor.saved, ["c1", "c2", "c4", "c5"])
      const common = { include: "casino,logins", limit: "9", wait: "1" }
      assert.deepStrictEqual(asked[0], { from: "start", ...common })
      assert.deepStrictEqual(asked.slice(1).map(({ cursor }) => cursor), ["c1", "c2", "c2", "c4", "c5"])
    })
  })

  it.live("go on through failures, and end with those that are final", () => {
    const replies: Array<Reply> = [
      "gone",
      problem(503, "shutting-down"),
      problem(429, "too-many-polls"),
      page("c1", { erased: [{ ref: "r", slice: 3 }] }),
      problem(400, "invalid-request")
    ]
    return follow(() => replies.shift() ?? "gone", async (playtally) => {
      const forgotten: Array<string> = []
      try {
        for await (const { forget } of playtally.changes()) forgotten.push(...forget)
        assert.fail("it ended")
      } catch (cause) {
        assert.instanceOf(cause, PlaytallyError)
        assert.strictEqual(cause.type, "invalid-request")
      }
      assert.deepStrictEqual(forgotten, ["r"])
    })
  })

  it.live("end when they are aborted, also while the service waits for a change", () => {
    const aborting = new AbortController()
    const reason = new Error("enough")
    const wait = () => {
      setTimeout(() => aborting.abort(reason), 10)
      return new Promise((resolve) => setTimeout(resolve, 5000))
    }
    return follow(() => ({ status: 200, after: wait() }), async (playtally) => {
      const began = performance.now()
      const ended = await playtally.changes({ signal: aborting.signal }).next().catch((cause: unknown) => cause)
      assert.strictEqual(ended, reason)
      assert.isBelow(performance.now() - began, 3000)
    })
  })

  it.live("have users without a document apart: those being erased, and those of whom it is refused", () => {
    const refused = { type: "too-many-rows", status: 422, title: "too many", section: "casino", limit: 1000 }
    const answer = (request: Asked) =>
      queryOf(request)["cursor"] === "c1"
        ? page("c1")
        : page("c1", { changes: [change("a", 1), change("b", 2, { document: null }), change("c", 3, { problem: refused })] })
    return follow(answer, async (playtally) => {
      const steps: Array<ChangesStep> = []
      for await (const step of playtally.changes({ include: "all", held: () => [], until: "caught-up" })) steps.push(step)
      assert.strictEqual(steps.length, 1)
      assert.deepStrictEqual(steps[0]?.changed.map(({ user_id }) => user_id), ["a"])
      assert.deepStrictEqual(steps[0]?.unreadable.map(({ problem, ref }) => [ref, problem.type, problem.problem["limit"]]), [
        ["ref of c", "too-many-rows", 1000]
      ])
    })
  })

  it.live("have whatever may count an event that the log has lost read again, and forget who is not found, before all else", () => {
    // The log went back: slice 7 to position 10, and generations to 5.
    const kept = { generation: 5, slices: [{ slice: 7, position: 10 }] }
    const reads: Array<ReadonlyArray<string>> = []
    const cursor = memoryStore("old")
    const answer = (request: Asked) => {
      if (request.method === "POST") {
        const { user_ids } = JSON.parse(request.body) as { readonly user_ids: ReadonlyArray<string> }
        reads.push(user_ids)
        // One answer has room for one user.
        if (user_ids.length > 1) return problem(422, "too-many-rows")
        const users = user_ids.filter((user) => user !== "gone").map((user) => document(user, 9, 6))
        return { status: 200, body: { users } }
      }
      return queryOf(request)["cursor"] === "old" ? page("new", { kept, changes: [change("later", 12)] }) : page("new")
    }
    return follow(answer, async (playtally) => {
      const mirror = held(
        document("beyond", 11),
        document("within", 10),
        document("generation", 3, 6),
        document("gone", 11, 6),
        document("elsewhere", 99, 99)
      )
      await mirrorCounters(playtally, { mirror, cursor, until: "caught-up" })
      assert.deepStrictEqual([...new Set(reads.flat())].sort(), ["beyond", "generation", "gone"])
      const shown = [...mirror.values()].map(({ position, slice, user_id }) => `${user_id} ${slice} ${position}`)
      assert.deepStrictEqual(shown.sort(), ["beyond 7 9", "elsewhere 8 99", "generation 7 9", "later 7 12", "within 7 10"])
      // What was read again is of the old cursor: the service tells the loss again if it is not
      // done with.
      assert.deepStrictEqual(cursor.saved, ["new"])
    })
  })
})
