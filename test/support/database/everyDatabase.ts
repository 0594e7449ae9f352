import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Statement } from "effect/sql"
import { TestDatabase } from "./TestDatabase.ts"

/** The URLs of the databases of the test's log: home first. */
export const urlsOf = ({ settings, url }: TestDatabase["Service"]): ReadonlyArray<Redacted.Redacted> => [
  url,
  ...(settings["DATABASE_SERVERS"] ?? "").split(" ").filter((part) => part !== "")
    .map((server) => Redacted.make(server.slice(server.indexOf("=") + 1)))
]

/** A client of each database of the test's log, for tests that meddle with rows. */
export const everyClient = Effect.flatMap(TestDatabase, (database) =>
  Effect.forEach(urlsOf(database), (url) =>
    Effect.map(
      Layer.build(Layer.fresh(PgClient.layer({ url, applicationName: "test" }))),
      (context) => Context.get(context, PgClient.PgClient)
    )))

/** The events of the log that fulfil a condition, in all its databases. */
export const countEvents = (condition: (sql: PgClient.PgClient) => Statement.Fragment = (sql) => sql`true`) =>
  Effect.map(
    inEveryDatabase((sql) => sql<{ events: number }>`select count(*)::int as events from events where ${condition(sql)}`),
    (counts) => counts.reduce((sum, { events }) => sum + events, 0)
  )

/** Does something in each database of the test's log: what all of them answer, in one list. */
export const inEveryDatabase = <A, E, R>(
  run: (sql: PgClient.PgClient) => Effect.Effect<ReadonlyArray<A>, E, R>
): Effect.Effect<ReadonlyArray<A>, E, R | TestDatabase> =>
  Effect.scoped(
    Effect.flatMap(Effect.orDie(everyClient), (clients) => Effect.map(Effect.forEach(clients, run), (parts) => parts.flat()))
  )
