import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * Why there is no embedded server; `message` says what happened and what to do about it, with the end of the server's log where that helps.
 * `NoProgram`: no PostgreSQL for this platform. `NoPermission`: the data directory belongs to someone else. `Unreachable`: the account that must run
 * the server for root cannot enter the directories. `OtherVersion`: the data is of another major version. `Stuck`: nothing moved for too long.
 */
export class EmbeddedPostgresError
  extends Schema.TaggedError<EmbeddedPostgresError>("playtally/database/EmbeddedPostgresError")("EmbeddedPostgresError", {
    reason: Schema.Literals(["NoProgram", "NoPermission", "Unreachable", "OtherVersion", "DiskFull", "InitFailed", "StartFailed", "Stuck"]),
    dataDir: Schema.String,
    message: Schema.String
  })
{}

const reasonOf = (cause: unknown): EmbeddedPostgresError["reason"] => {
  switch (cause instanceof Error && "code" in cause ? cause.code : undefined) {
    case "ENOSPC":
    case "EDQUOT":
      return "DiskFull"
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "NoPermission"
    default:
      return "StartFailed"
  }
}

/** Runs file system work on behalf of the embedded server, `doing` completing "Could not …". */
export const attempt = <A>(dataDir: string, doing: string, work: () => Promise<A>): Effect.Effect<A, EmbeddedPostgresError> =>
  Effect.tryPromise({
    try: work,
    catch: (cause) =>
      new EmbeddedPostgresError({
        reason: reasonOf(cause),
        dataDir,
        message: `Could not ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })
