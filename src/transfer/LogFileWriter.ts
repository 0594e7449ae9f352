import * as Result from "effect/Result"
import { createHash } from "node:crypto"
import { formatStoredEvent, type StoredEvent } from "../event-log/StoredEvent.ts"
import { apiKeyLine, checkLine, endLine, erasedUserLine, headerLine, type LogFilePrelude, sealAfter, tenantLine } from "./LogFile.ts"
import { LogWalk } from "./LogWalk.ts"

/**
 * Writes a log file piece by piece: `start`, then all events in order, cut as one likes, then
 * `end`.
 */
export class LogFileWriter {
  private readonly hash = createHash("sha256")
  private readonly walk: LogWalk
  private readonly prelude: LogFilePrelude
  private lines: Array<string> = []
  private characters = 0

  constructor(prelude: LogFilePrelude) {
    this.prelude = prelude
    this.walk = new LogWalk(prelude)
  }

  start(): Uint8Array {
    const { apiKeys, erasedUsers, header, tenants } = this.prelude
    this.lines = [
      headerLine.format(header),
      ...tenants.map((tenant) => tenantLine.format({ tenant })),
      ...apiKeys.map((api_key) => apiKeyLine.format({ api_key })),
      ...erasedUsers.map((erased_user) => erasedUserLine.format({ erased_user }))
    ]
    return this.seal()
  }

  /**
   * The pieces that are complete with these events; fails with what is wrong if they cannot be the
   * next ones.
   */
  add(events: ReadonlyArray<StoredEvent>): Result.Result<ReadonlyArray<Uint8Array>, string> {
    const pieces: Array<Uint8Array> = []
    for (const event of events) {
      const problem = this.walk.next(event)
      if (problem !== undefined) return Result.fail(problem)
      const line = formatStoredEvent(event)
      this.characters += line.length
      if (this.lines.push(line) >= sealAfter.events || this.characters >= sealAfter.characters) pieces.push(this.seal())
    }
    return Result.succeed(pieces)
  }

  /** The last pieces; fails with what is wrong if events are missing. */
  end(): Result.Result<ReadonlyArray<Uint8Array>, string> {
    const { events, total } = this.walk
    if (events !== total) return Result.fail(`${total - events} of ${total} events are missing`)
    const rest = this.lines.length === 0 ? [] : [this.seal()]
    return Result.succeed([...rest, this.hashed(endLine(this.prelude.header, this.hash.copy().digest("hex")))])
  }

  private seal(): Uint8Array {
    const text = this.hashed(this.lines.join("\n"))
    const check = this.hashed(checkLine(this.walk.events, this.hash.copy().digest("hex")))
    this.lines = []
    this.characters = 0
    return Buffer.concat([text, check])
  }

  private hashed(lines: string): Uint8Array {
    const bytes = Buffer.from(`${lines}\n`)
    this.hash.update(bytes)
    return bytes
  }
}
