import { seededRandom } from "../../oracle/random.ts"
import type { Operation } from "./ApiDescription.ts"
import type { Answer, Asked } from "./Judge.ts"
import { operationOf, plainRequest, type Subject } from "./Subject.ts"
import { targetOf, validRequests, type Values } from "./validRequests.ts"

/** Requests made of each operation's description. */
const requestsEach = 6

const takesPrefer = ({ parameters }: Operation) => parameters.some(({ name }) => name === "prefer")

/**
 * Asks each operation as its description says: every answer must be a success, a page's cursor lead
 * to the next, and an ETag to a 304. Who is on no leaderboard is not found on it.
 */
export const askAsDescribed = async (subject: Subject): Promise<void> => {
  const { description, judge, known } = subject
  const { request } = validRequests(description, known)

  const expectSuccess = async (operation: Operation, asked: Asked): Promise<Answer> => {
    const answer = await judge.ask(operation, asked)
    const isFine = answer.status < 300 || answer.problem === "user-not-on-leaderboard"
    if (!isFine) {
      judge.report(operation, `${asked.target} ${asked.body ?? ""}`, `a valid request is answered ${answer.status} ${answer.body}`)
    }
    return answer
  }
  const follow = async (operation: Operation, values: Values, headers: Record<string, string>, answer: Answer): Promise<void> => {
    const etag = answer.headers.get("etag")
    if (etag !== undefined && operation.method === "GET") {
      const again = await judge.ask(operation, { target: targetOf(operation, values), headers: { ...headers, "if-none-match": etag } })
      if (again.status !== 304) judge.report(operation, targetOf(operation, values), `is answered ${again.status} with its own ETag`)
    }
    const { next_cursor: cursor } = answer.json
    if (typeof cursor !== "string") return
    // Where to begin and where to go on do not go together.
    const next: Values = { ...values, cursor, ...operation.id === "getChanges" ? { from: undefined } : {} }
    await expectSuccess(operation, { target: targetOf(operation, next), headers })
  }

  const askOften = async (operation: Operation) => {
    // Its own, so that it is asked the same whatever else is.
    const random = seededRandom(operation.path.length)
    for (let nth = 0; nth < requestsEach; nth++) {
      const { asked, values } = request(random, operation)
      // Reading is strong, for what is asked about has just been sent.
      const isReading = operation.parameters.some(({ name }) => name === "consistency")
      const all: Values = { ...values, ...isReading ? { consistency: "strong" } : {} }
      const headers: Record<string, string> = isReading && takesPrefer(operation) ? { prefer: "wait=30" } : {}
      const answer = await expectSuccess(operation, { ...asked, target: targetOf(operation, all), headers })
      await follow(operation, all, headers, answer)
    }
  }
  // What changes something comes before what is read twice; a user who is erased is none to be
  // asked about.
  const [writing = [], reading = []] = [["POST"], ["GET"]].map((methods) =>
    description.operations.filter(({ method }) => methods.includes(method))
  )
  await Promise.all(writing.map(askOften))
  await Promise.all(reading.map(askOften))
}

/**
 * Sends the description's own examples, of whole bodies and of single parameters: none may be
 * refused. Every body and every parameter that a request must have has one.
 */
export const askItsExamples = async (subject: Subject): Promise<void> => {
  const { description: { operations, resolve, schemas }, judge } = subject
  const expectTaken = async (operation: Operation, asked: Asked) => {
    const { body, status } = await judge.ask(operation, asked)
    // An example may name what this service does not have.
    if (status !== 404 && status >= 300) judge.report(operation, `${asked.target} ${asked.body ?? ""}`, `its example is answered ${body}`)
  }

  const items = Object.values(schemas).filter(({ properties }) => properties?.["data"] !== undefined && properties["slice"] === undefined)
  const bulk = operationOf(subject, "sendEvents")
  for (const { examples } of items) {
    if (examples === undefined) judge.report(bulk, "", "an item has no example")
    await expectTaken(bulk, { target: bulk.path, body: JSON.stringify({ items: examples }) })
  }
  for (const operation of operations.filter(({ method }) => method !== "DELETE")) {
    if (operation.body !== undefined) {
      const { example, schema } = operation.body
      if (example === undefined) judge.report(operation, "", "its body has no example")
      for (const one of [example, ...resolve(schema).examples ?? []]) {
        await expectTaken(operation, { target: operation.path, body: JSON.stringify(one) })
      }
    }
    for (const { example, name, required, schema } of operation.parameters) {
      if (required === true && example === undefined) judge.report(operation, name, "a parameter has no example")
      for (const one of example === undefined ? schema.examples ?? [] : [example]) {
        const value = Array.isArray(one) ? one.map(String) : String(one)
        // From and to name the same day.
        const values: Values = name === "from" || name === "to" ? { from: value, to: value } : { [name]: value }
        await expectTaken(operation, plainRequest(subject, operation, values))
      }
    }
  }
}
