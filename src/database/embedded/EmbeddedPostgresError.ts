import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { statfs } from "node:fs/promises"

/**
 * Why there is no embedded server; `message` says what happened and what to do about it, with the
 * end of the server's log where that helps. `NoProgram`: no PostgreSQL for this platform.
 * `NoPermission`: the data directory belongs to someone else. `Unreachable`: the account that must
 * run the server for root cannot enter the directories. `InUse`: a service in another container or
 * on another machine has the directory. `OtherVersion`: the data is of another major version.
 * `Stuck`: nothing moved for too long.
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

/** What the codes of the file system mean for a data directory, and what to do. */
const explanations: Readonly<Record<string, string>> = {
  EEXIST: "a file has that name. Set DATA_DIR to a folder.",
  ENOTDIR: "a file has the name of a folder. Set DATA_DIR to a folder.",
  ENOENT: "there is no such file or folder. Set DATA_DIR to another folder, or bring back what is missing from a backup.",
  EACCES: "this account may not. Start as the account that owns it, or set DATA_DIR to another folder.",
  EPERM: "this account may not. Start as the account that owns it, or set DATA_DIR to another folder.",
  EROFS: "the file system is read-only. Set DATA_DIR to another folder.",
  ENOSPC: "the disk is full. Free some of it, or set DATA_DIR to another folder.",
  EDQUOT: "this account has no room left on the disk. Free some of it, or set DATA_DIR to another folder.",
  ENAMETOOLONG: "the name is too long. Set DATA_DIR to another folder."
}

/** Runs file system work on behalf of the embedded server, `doing` completing "Could not …". */
export const attempt = <A>(dataDir: string, doing: string, work: () => Promise<A>): Effect.Effect<A, EmbeddedPostgresError> =>
  Effect.tryPromise({
    try: work,
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
      const explanation = explanations[code]
      const said = cause instanceof Error ? cause.message : String(cause)
      const message = `Could not ${doing}: ${explanation === undefined ? said : `${explanation} (${said})`}`
      return new EmbeddedPostgresError({ reason: reasonOf(cause), dataDir, message })
    }
  })

/** Less than a segment of its log, and PostgreSQL does not start. */
const leastSpace = 32 * 1024 * 1024

/** The end of what a program said, in one line. */
const ending = (said: string) => said.trim().split(/\s*\n\s*/).slice(-8).join(" | ")

/**
 * The error for a program of PostgreSQL that gave up, by what it said; a full disk may have kept it
 * from saying so.
 */
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
        message: `${what}${full ? "; the disk is full" : ""}: ${ending(said)}`
      })
    })
  )
