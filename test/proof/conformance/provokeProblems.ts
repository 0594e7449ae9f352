import { httpRequest } from "../fuzz/FuzzRequest.ts"
import type { Operation } from "./ApiDescription.ts"
import { operationOf, plainRequest, stranger, type Subject } from "./Subject.ts"

const MiB = 1024 * 1024

/** Requests that everybody may make, and that no operation takes. */
const anywhere = async (subject: Subject, operation: Operation): Promise<void> => {
  const { judge, keys } = subject
  const { body, target } = plainRequest(subject, operation)
  const key = { "x-api-key": keys.read }
  const shown = operation.path
  const request = (headers: Record<string, string>) => httpRequest(operation.method, target, { ...key, ...headers }, body)
  await judge.sendLast(operation, request({}).toString("latin1").replace("host: 127.0.0.1\r\n", ""), `${shown} without Host`)
  await judge.sendLast(operation, request({ expect: "the-unexpected" }), `${shown} with an expectation`)
  await judge.sendLast(operation, request({ "x-long": "x".repeat(20_000) }), `${shown} with long headers`)
}

const withoutRight = async (subject: Subject, operation: Operation): Promise<void> => {
  const { judge, keys } = subject
  const asked = plainRequest(subject, operation)
  const refused = [
    [401, { "x-api-key": "" }],
    [401, { "x-api-key": "unknown" }],
    [401, { "x-api-key": "", authorization: "Basic dTpw" }],
    [403, { "x-api-key": operation.tag === "Reading" ? keys.ingest : keys.read }]
  ] as const
  for (const [expected, headers] of refused) {
    const { status } = await judge.ask(operation, { ...asked, headers })
    if (status !== expected) judge.report(operation, JSON.stringify(headers), `is answered ${status} instead of ${expected}`)
  }
}

/** Bodies that are none. */
const bodies = async (subject: Subject, operation: Operation): Promise<void> => {
  const { judge, keys } = subject
  const asked = plainRequest(subject, operation)
  for (const headers of [{ "content-type": "text/plain" }, { "content-type": "" }, { "content-encoding": "gzip" }]) {
    const { status } = await judge.ask(operation, { ...asked, headers })
    if (status !== 415) judge.report(operation, JSON.stringify(headers), `is answered ${status}`)
  }
  for (const body of ["", "{", "[1,]", "\"\\q\""]) {
    const { problem } = await judge.ask(operation, { ...asked, body })
    if (problem !== "malformed-json") judge.report(operation, body, `is answered ${problem}`)
  }
  const key = operation.tag === "Reading" ? keys.read : keys.ingest
  await judge.sendLast(
    operation,
    httpRequest(operation.method, asked.target, { "x-api-key": key, "content-length": String(3 * MiB) }, ""),
    "a body announced as too large"
  )
}

const login = (id: string, user = "conformance") => ({
  event: "realtime-login",
  data: { user_id: user, timestamp: "2026-01-31T12:00:00Z", unique_id: id }
})

const bulkAnswers = async (subject: Subject): Promise<void> => {
  const { judge, keys } = subject
  const bulk = operationOf(subject, "sendEvents")
  const strict = { prefer: "handling=strict" }
  const conflict = { event: "realtime-login", data: { ...login("login").data, timestamp: "2026-02-01T12:00:00Z" } }
  const expected = [
    ["", {}, [login("login")]],
    ["", strict, { items: [login("login")] }],
    ["", {}, [login("login"), 1]],
    ["", strict, [login("login"), conflict]],
    ["all-rejected", {}, [1]],
    ["all-rejected", strict, [conflict]],
    ["strict-refusal", strict, [login("login"), 1]],
    ["not-a-batch", {}, { item: [] }],
    ["too-many-items", {}, Array.from({ length: 1001 }, () => 1)],
    ["too-many-values", {}, [Array.from({ length: 260_000 }, () => 1)]]
  ] as const
  for (const [expectedProblem, headers, value] of expected) {
    const { problem } = await judge.ask(bulk, { target: bulk.path, headers, body: JSON.stringify(value) })
    if (problem !== expectedProblem) judge.report(bulk, JSON.stringify(value).slice(0, 100), `is answered ${problem}`)
  }
  // A body that does not come takes all the bytes there are for the tenant until it is given up.
  const held = judge.sendLast(
    bulk,
    httpRequest("POST", bulk.path, { "x-api-key": keys.ingest, "content-length": String(MiB) }, ""),
    "a body that does not come"
  )
  const asked = { target: bulk.path, body: JSON.stringify([login("login")]) }
  while ((await judge.ask(bulk, asked)).problem !== "overloaded" && !judge.seen.has(`${bulk.name} 408 request-timeout`));
  await held
}

const notFound = async (subject: Subject): Promise<void> => {
  const { description: { operations }, judge } = subject
  for (const operation of operations.filter(({ answers }) => answers.has(404))) {
    const isStrong = operation.parameters.some(({ name }) => name === "prefer")
    const asked = plainRequest(subject, operation, { user_id: stranger, ...isStrong ? { consistency: "strong" } : {} })
    const { status } = await judge.ask(operation, isStrong ? { ...asked, headers: { prefer: "wait=30" } } : asked)
    if (status !== 404) judge.report(operation, asked.target, `knows a stranger: ${status}`)
  }
  const explain = operationOf(subject, "explainCounter")
  await judge.ask(explain, plainRequest(subject, explain, { path: "casino.NONE.bet_amount" }))
}

/** More long polls than a tenant may have, until a change ends them. */
const polls = async (subject: Subject): Promise<void> => {
  const { judge } = subject
  const changes = operationOf(subject, "getChanges")
  const bulk = operationOf(subject, "sendEvents")
  const { json: { next_cursor: cursor } } = await judge.ask(changes, { target: `${changes.path}?consistency=strong` })
  const asked = plainRequest(subject, changes, { cursor: String(cursor), wait: "30" })
  const answers = Array.from({ length: 66 }, () => judge.ask(changes, asked))
  await Promise.race(answers)
  await judge.ask(bulk, { target: bulk.path, body: JSON.stringify([login("polls")]) })
  await Promise.all(answers)
}

/** More unknown keys than are looked up, for each operation with a key. */
const tooMany = async (subject: Subject): Promise<void> => {
  const { description: { operations }, judge } = subject
  let serial = 0
  for (const operation of operations) {
    const asked = plainRequest(subject, operation)
    if (!operation.needsKey) continue
    const isSeen = () => judge.seen.has(`${operation.name} 429 too-many-requests`)
    for (let attempts = 0; attempts < 20 && !isSeen(); attempts++) {
      const headers = () => ({ "x-api-key": `unknown ${++serial}` })
      await Promise.all(Array.from({ length: 20 }, () => judge.ask(operation, { ...asked, headers: headers() })))
    }
  }
}

/** Requests that begin and do not end. */
const unfinished = ({ description: { operations }, judge }: Subject): Promise<unknown> =>
  Promise.all(
    operations.map((operation) => judge.sendLast(operation, `${operation.method} ${operation.path} HTTP/1.1\r\nHost: x\r\n`, "unfinished"))
  )

/**
 * Has the service answer every operation with what it answers to a client that does something
 * wrong, or too much.
 */
export const provokeProblems = async (subject: Subject): Promise<void> => {
  const { description: { operations } } = subject
  // What takes its time goes on meanwhile.
  const slow = unfinished(subject)
  await polls(subject)
  for (const operation of operations) {
    await anywhere(subject, operation)
    if (operation.needsKey) await withoutRight(subject, operation)
    if (operation.body !== undefined) await bodies(subject, operation)
  }
  await Promise.all([slow, notFound(subject), bulkAnswers(subject), tooMany(subject)])
}

/** Paths and methods that no operation has. */
export const askElsewhere = async ({ description: { operations }, judge, known }: Subject): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  const expectProblem = async (method: string, target: string, status: number, type: string, allow: string | undefined) => {
    const answer = await judge.exchange([method], httpRequest(method, target, {}))
    const problem = JSON.parse(answer.body) as Readonly<Record<string, unknown>>
    const isRight = answer.status === status && problem["type"] === type && problem["status"] === status &&
      typeof problem["title"] === "string" && answer.headers.get("content-type") === "application/problem+json" &&
      answer.headers.get("allow") === allow
    if (!isRight) wrong.push(`${method} ${target}: ${answer.status} ${answer.headers.get("allow") ?? ""} ${answer.body}`)
  }
  for (const target of ["/", "/api/v1/user", "/api/v1/unknown", "/api/v2/changes", "/openapi.yaml"]) {
    await expectProblem("GET", target, 404, "not-found", undefined)
  }
  const [userId = ""] = known.userIds
  for (const [path, own] of Map.groupBy(operations, (operation) => operation.path)) {
    // A user may be called "counters".
    const fitting = path === "/api/v1/users/counters"
      ? [...own, ...operations.filter((one) => one.path === "/api/v1/users/{user_id}")]
      : own
    const methods = fitting.map(({ method }) => method)
    const allowed = [...methods, ...methods.includes("GET") ? ["HEAD"] : [], "OPTIONS"]
    const target = path.replace("{user_id}", encodeURIComponent(userId)).replace("{board}", "round_wins")
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((one) => !allowed.includes(one))) {
      await expectProblem(method, target, 405, "method-not-allowed", allowed.join(", "))
    }
  }
  return wrong
}
