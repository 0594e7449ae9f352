import { InvalidRequest } from "./problems.ts"

/** The problem for a parameter of the query whose schema accepts it, but nothing else does. */
export const badQuery = (name: string, message: string): InvalidRequest =>
  new InvalidRequest({ issues: [{ path: ["query", name], message }] })
