import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { statfs } from "node:fs/promises"

/**
 * Why there is no embedded server; `message` says what happened and what to do about it, with the end of the server's log where that helps.
 * `NoProgram`: no PostgreSQL for this platform. `NoPermission`: the data directory belongs to someone else. `Unreachable`: the account that must run
 * the server for root cannot enter the directories. `InUse`: a service in another container or on another machine has the directory. `OtherVersion`: the data is of another major version. `Stuck`: nothing moved for too long.
 */
export class EmbeddedPostgresError
  extends Schema.TaggedError<EmbeddedPostgresError>("playtally/database/EmbeddedPostgresError")("EmbeddedPostgresError", {
    reason: Schema.Literals([
      "NoProgram",
      "NoPermission",
      "Unreachable",
      "InUse",
      "OtherVersion",
      "DiskFull",
      "InitFailed",
      "StartFailed",
      "Stuck"
    ]),
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
    catch: (cause) => {
      const reason = reasonOf(cause)
      const advice = reason === "NoPermission" ? ". Start as the account that owns it, or set DATA_DIR to another folder." : ""
      const message = `Could not ${doing}: ${cause instanceof Error ? cause.message : String(cause)}${advice}`
      return new EmbeddedPostgresError({ reason, dataDir, message })
    }
  })

/** Less than a segment of its log, and PostgreSQL does not start. */
const leastSpace = 32 * 1024 * 1024

/** The error for a program of PostgreSQL that gave up, by what it said; a full disk may have kept it from saying so. */
export const gaveUp = (
  reason: "InitFailed" | "StartFailed",
  dataDir: string,
  what: string,
  said: string
): Effect.Effect<EmbeddedPostgresError> =>
  Effect.promise(() => statfs(dataDir).then(({ bavail, bsize }) => bavail * bsize, () => leastSpace)).pipe(
    Effect.map((space) => {
      const full = space < leastSpace || /No space left on device|Check free disk space/.test(said)
      return new EmbeddedPostgresError({
        reason: full ? "DiskFull" : reason,
        dataDir,
        message: `${what}${full ? "; the disk is full" : ""}:\n${said.trim()}`
      })
    })
  )
