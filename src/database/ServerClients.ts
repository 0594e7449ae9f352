import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import type * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql"
import type { AppendClient } from "./AppendClient.ts"
import type { SessionUnfit } from "./checkSession.ts"
import { Database } from "./Database.ts"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import type { KeyClient } from "./KeyClient.ts"

/**
 * How the clients of another database than that of the settings are opened: by `Database.layerOf`.
 *
 * A simulation gives clients of its own (docs/testing.md#simulation).
 */
export const ServerClients = Context.Reference<
  (
    database: DatabaseUrl["Service"]
  ) => Layer.Layer<PgClient.PgClient | AppendClient | KeyClient | DatabaseUrl, SessionUnfit | SqlError.SqlError>
>("playtally/database/ServerClients", { defaultValue: () => Database.layerOf })
