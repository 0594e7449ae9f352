import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { statfs } from "node:fs/promises"

/**
 * There is no embedded server.
 *
 * `message` says what happened and what to do about it, with the end of the server's log where that
 * helps. `reason` is one of these:
 *
 * - `NoProgram`: there is no PostgreSQL for this platform.
 * - `NoPermission`: the data directory belongs to another account.
 * - `Unreachable`: the account that must run the server for root cannot enter the directories.
 * - `InUse`: a service in another container or on another machine has the directory.
 * - `OtherVersion`: the data is of another major version.
 * - `DiskFull`: the disk has no room, or the account has no room on it.
 * - `InitFailed`: initdb could not make the database.
 * - `StartFailed`: the server did not start, or a file could not be read or written.
 * - `Stuck`: nothing moved for too long.
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

/** What a code of the file system means for a data directory, and what to do. */
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

/**
 * Does file system work for the embedded server.
 *
 * It fails with {@link EmbeddedPostgresError}, in whose message `doing` follows "Could not".
 */
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

/** The end of what a program printed, in one line. */
const ending = (said: string) => said.trim().split(/\s*\n\s*/).slice(-8).join(" | ")

/**
 * The error for a program of PostgreSQL that gave up, by what it printed.
 *
 * A full disk may have kept it from printing the reason, so the free space counts too.
 */
export const gaveUp = ({ dataDir, reason, said, what }: {
  readonly reason: "InitFailed" | "StartFailed"
  readonly dataDir: string
  /** The beginning of the message. */
  readonly what: string
  readonly said: string
}): Effect.Effect<EmbeddedPostgresError> =>
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
