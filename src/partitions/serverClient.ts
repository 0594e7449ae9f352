import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { PoolShare } from "../database/PoolShare.ts"
import { ServerClients } from "../database/ServerClients.ts"
import { homeServer } from "./PartitionMap.ts"
import { PartitionServers } from "./PartitionServers.ts"

/** What a client that works for some time has of the connections of a process. */
const share = 8

/**
 * A client of a server's database, as long as the scope is open, whatever partition it has. That of
 * home is the caller's.
 */
export const serverClient = Effect.fnUntraced(function*(server: string) {
  if (server === homeServer) return yield* PgClient.PgClient
  const servers = yield* PartitionServers
  const clientsOf = yield* ServerClients
  const clients = clientsOf(yield* servers.find(server)).pipe(Layer.provide(Layer.succeed(PoolShare, share)))
  // A memo map of its own: the clients of two databases are layers of the same value.
  return Context.get(yield* Layer.buildWithMemoMap(clients, Layer.makeMemoMapUnsafe(), yield* Effect.scope), PgClient.PgClient)
})
