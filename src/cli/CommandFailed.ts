import type * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type { Migrator, SqlError } from "effect/sql"
import type { ClusterUnusable } from "../cluster/ClusterUnusable.ts"
import type { SessionUnfit } from "../database/checkSession.ts"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import type { DatabaseUrlUnusable } from "../database/DatabaseUrlUnusable.ts"
import type { EmbeddedPostgresError } from "../database/embedded/EmbeddedPostgresError.ts"
import type { SchemaMismatch } from "../database/Migrations.ts"
import type { EventLogCorrupt } from "../event-log/EventLog.ts"
import type { ImportUnfinished } from "../event-log/unfinishedImport.ts"
import type { CannotListen } from "../http/server/refuseWhatCannotListen.ts"
import type { WeakOperatorKey } from "../operators/OperatorKey.ts"
import type { MoveRefused } from "../partitions/moves/MoveRefused.ts"
import type { PartitionsUnusable } from "../partitions/PartitionDirectory.ts"
import type { PartitionUnavailable } from "../partitions/PartitionUnavailable.ts"
import type { ProcessesUnavailable } from "../processes/ProcessesUnavailable.ts"
import type { ActivationRefused } from "../projections/versions/activateVersion.ts"
import type { DiffRefused } from "../projections/versions/compareWithActive.ts"
import type { UnknownVersion } from "../projections/versions/findVersion.ts"
import type { PartitionMoving } from "../projections/versions/movingTo.ts"
import type { ProjectionChanged } from "../projections/versions/ProjectionCatalog.ts"
import type { RemovalRefused } from "../projections/versions/removeVersion.ts"
import type { ApiKeyNotFound } from "../tenants/ApiKeys.ts"
import type { WeakBootstrapKey } from "../tenants/Bootstrap.ts"
import type { TenantExists, TenantNotFound, UnknownTimeZone } from "../tenants/Tenants.ts"
import type { TimeZoneChangeRefused } from "../time-zones/changeTimeZone.ts"
import type { EventTooLarge, ExportOutdated } from "../transfer/exportLog.ts"
import type { ImportRefused } from "../transfer/importLog.ts"
import type { LogFileError } from "../transfer/LogFile.ts"
import type { LogMoved } from "../transfer/lookWhole.ts"
import { printable } from "./printable.ts"
import { adviceOn } from "./projections/adviceOn.ts"

/**
 * A command did not do what it was asked to, and has said so on stderr.
 *
 * The process ends with exit code 1, and no other code reports the error again.
 */
export class CommandFailed
  extends Schema.TaggedError<CommandFailed>("playtally/cli/CommandFailed")("CommandFailed", { message: Schema.String })
{
  override readonly [Runtime.errorExitCode] = 1
  override readonly [Runtime.errorReported] = false
}

/** The errors that a command expects and explains. */
export type ExpectedError =
  | ActivationRefused
  | ApiKeyNotFound
  | CannotListen
  | ClusterUnusable
  | CommandFailed
  | Config.ConfigError
  | DatabaseUnavailable
  | DatabaseUrlUnusable
  | DiffRefused
  | EmbeddedPostgresError
  | EventLogCorrupt
  | EventTooLarge
  | ExportOutdated
  | ImportRefused
  | ImportUnfinished
  | LogFileError
  | LogMoved
  | Migrator.MigrationError
  | MoveRefused
  | PartitionMoving
  | PartitionsUnusable
  | PartitionUnavailable
  | PlatformError
  | ProcessesUnavailable
  | ProjectionChanged
  | RemovalRefused
  | SchemaMismatch
  | SessionUnfit
  | SqlError.SqlError
  | TenantExists
  | TenantNotFound
  | TimeZoneChangeRefused
  | UnknownTimeZone
  | UnknownVersion
  | WeakBootstrapKey
  | WeakOperatorKey

const explanationOf = (error: ExpectedError): string => {
  switch (error._tag) {
    case "TenantNotFound":
      return `There is no tenant "${error.name}": \`tenants list\` shows all.`
    case "TenantExists":
      return `There is a tenant "${error.name}" already.`
    case "ApiKeyNotFound":
      return `The tenant has no key of the id "${error.apiKeyId}": \`keys list\` shows all.`
    case "ActivationRefused":
    case "DiffRefused":
      return error.message + adviceOn(error)
    case "DatabaseUnavailable":
      return `The database did not answer (${error.operation}): ${causeOf(error.cause)}`
    case "PartitionUnavailable":
      return `${error.message} Its database did not answer: ${causeOf(error.cause)}`
    case "SqlError":
      return `The database did not answer: ${causeOf(error)}`
    case "MigrationError":
      return `The database was not migrated: ${error.message}${error.cause === undefined ? "" : ` (${causeOf(error.cause)})`}`
    case "ConfigError":
      return `A setting cannot be used: ${error.message.replace(/^SchemaError\((.*)\)$/s, "$1").replace(/\s+/g, " ")}`
    case "PlatformError":
      return error.reason._tag === "AlreadyExists" ? `${error.reason.pathOrDescriptor} exists already.` : error.message
    default:
      return error.message
  }
}

/** The message at the bottom of an error: "connection refused" rather than "query failed". */
const causeOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const reason = "reason" in error && error.reason instanceof Error ? error.reason : undefined
  const cause = reason ?? error.cause
  return cause instanceof Error ? causeOf(cause) : error.message
}

/**
 * Turns an expected error into one line on stderr and a `CommandFailed`. Every command's handler
 * uses it.
 */
export const explained = <A, E extends ExpectedError, R>(command: Effect.Effect<A, E, R>): Effect.Effect<A, CommandFailed, R> =>
  command.pipe(
    Effect.catch((error: E) => {
      const message = explanationOf(error)
      return Effect.andThen(Console.error(`playtally: ${printable(message)}`), Effect.fail(new CommandFailed({ message })))
    })
  )
