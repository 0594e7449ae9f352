import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { sqlOf } from "../../support/database/TestSql.ts"
import type { Operation } from "./ApiDescription.ts"
import { askAsDescribed, askItsExamples } from "./askAsDescribed.ts"
import { askExtremes } from "./askExtremes.ts"
import { askWrongly, sendWrongItems } from "./askWrongly.ts"
import { askElsewhere, provokeProblems } from "./provokeProblems.ts"
import { provokeTrouble } from "./provokeTrouble.ts"
import { startSubject } from "./startSubject.ts"
import { operationOf, plainRequest } from "./Subject.ts"

/** What is described and not seen here, with the reason. */
const unseen: ReadonlyArray<readonly [what: RegExp, reason: string]> = [
  [/ 500 internal-error$/, "nothing is known that leads to it; frameworkProblems.test.ts makes a defect"],
  [/ 503 shutting-down$/, "only while the process ends; Server.test.ts ends it"],
  [/explain 503 projection-parked$/, "takes an event on which a fold fails; explain.test.ts"],
  [/ 501 (projection-failing|preference-applied)$/, "takes code that fails on the sample log; failingProjection.test.ts"],
  [/ 422 too-many-rows$/, "takes a thousand rows of one user; readShares.test.ts"],
  [/ 422 answer-too-large$/, "takes an answer of 24 MiB; readShares.test.ts"],
  [/ 422 history-too-large$/, "takes a hundred thousand payments of one user; MemoryFold.test.ts counts their bytes"],
  [/ 503 history-unfinished$/, "takes a history of millions of events; explain.test.ts"],
  [/ 429 too-many-reads$/, "takes hundreds of requests at once; readShares.test.ts"],
  [
    /(users|games|activity|events|explain|changes|counters|\{board\}|\{user_id\}) 503 overloaded$/,
    "takes many large answers that nobody reads; readShares.test.ts"
  ],
  [/\/(users|leaderboards|changes).* 422 preference-applied$/, "as the 422 themselves; it is set before the reading begins"],
  [/bulk 503 preference-applied$/, "an append that fails is first tried again for seconds; bulk.test.ts"],
  [/^GET \/(healthz|metrics) 503 retry-after$/, "only while the process ends; Server.test.ts"]
]

const isExcused = (what: string): boolean => unseen.some(([pattern]) => pattern.test(what))

const answersOf = ({ answers, name }: Operation): ReadonlyArray<string> =>
  [...answers].flatMap(([status, { problems }]) =>
    problems.length === 0 ? [`${name} ${status}`] : problems.map((type) => `${name} ${status} ${type}`)
  )

const headersOf = ({ answers, name }: Operation): ReadonlyArray<string> =>
  [...answers].flatMap(([status, { headers }]) => [...headers.keys()].map((header) => `${name} ${status} ${header}`))

/*
 * Requests made of the document that the service serves: valid ones, ones with one thing wrong, and
 * whatever else leads to an answer that the document has. Nothing may be answered that it does not
 * have (a status, a problem's type, a media type, a member, a header), and everything that it has
 * must be answered at least once.
 */
layer(sqlOf(TestDatabase.layerOfOne("the trouble is made in one database")), { excludeTestServices: true })(
  "the running service and its OpenAPI document",
  (it) => {
    it.effect("say the same", () =>
      Effect.gen(function*() {
        const { proxy, subject, tenant } = yield* startSubject
        const { description: { operations }, judge, known } = subject
        const elsewhere = yield* Effect.promise(async () => {
          await askAsDescribed(subject)
          await askItsExamples(subject)
          await askExtremes(subject)
          await askWrongly(subject)
          await sendWrongItems(subject)
          await provokeProblems(subject)
          const erase = operationOf(subject, "eraseUser")
          await judge.ask(erase, plainRequest(subject, erase, { user_id: known.userIds.at(-1) }))
          return askElsewhere(subject)
        })
        yield* provokeTrouble(subject, tenant.tenantId, proxy)

        assert.deepStrictEqual(elsewhere, [], "paths and methods that are not described")
        assert.deepStrictEqual([...judge.findings], [], "not as described")
        const described = [...operations.flatMap(answersOf), ...operations.flatMap(headersOf)]
        const seen = new Set([...judge.seen, ...judge.seenHeaders])
        assert.deepStrictEqual(described.filter((what) => !seen.has(what) && !isExcused(what)), [], "described, but never answered")
        assert.deepStrictEqual(described.filter((what) => seen.has(what) && isExcused(what)), [], "answered after all")
        assert.deepStrictEqual(
          operations.map(({ name }) => name).filter((name) => ![...seen].some((what) => what.startsWith(`${name} 20`))),
          [],
          "never a success"
        )
        assert.isAbove(judge.asked, 1000)
      }), 60_000)
  }
)
