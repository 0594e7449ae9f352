import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { isUtf8 } from "node:buffer"
import { createHash } from "node:crypto"
import { readableEvent } from "../event-log/readableEvent.ts"
import { sliceCount } from "../event-log/sliceOf.ts"
import { parseStoredEvent, type StoredEvent } from "../event-log/StoredEvent.ts"
import type { TenantId } from "../values/TenantId.ts"
import {
  apiKeyLine,
  checkLine,
  checkPrefix,
  endLine,
  endPrefix,
  erasedUserLine,
  headerLine,
  type LogFileApiKey,
  type LogFileErasedUser,
  LogFileError,
  type LogFileHeader,
  type LogFilePrelude,
  type LogFileTenant,
  logFileVersion,
  sealAfter,
  tenantLine
} from "./LogFile.ts"
import { LogWalk } from "./LogWalk.ts"

/**
 * What stands between two checks, found to be as it was written: the prelude, then events. Lines
 * count from 1; `lastLine` is that of the check.
 */
export interface LogFileBatch {
  readonly prelude: LogFilePrelude
  readonly events: ReadonlyArray<StoredEvent>
  readonly firstLine: number
  readonly lastLine: number
  /** How many events the file has up to here, and the SHA-256 the check says. */
  readonly eventsSoFar: number
  readonly sha256: string
}

const lineFeed = 10
/** Of a payload with line breaks each quote and each break takes two bytes in its line. */
const maxLineBytes = 2 * readableEvent + 64 * 1024

/**
 * Reads a log file piece by piece, cut anywhere: `push` each piece, then `end`.
 *
 * Gives a part as soon as its check has shown it to be good, and fails for ever at the first thing
 * that is not.
 *
 * Not `Stream.splitLines` of Effect: that splits decoded text, without a bound for a line. Here the
 * bytes are hashed, a line is decoded once it is whole and found to be UTF-8, and a line has
 * `maxLineBytes` at most.
 */
export class LogFileReader {
  private readonly hash = createHash("sha256")
  /** Where pieces are put behind the beginning of the line that the last one ended in. */
  private space = Buffer.alloc(0)
  private rest = 0
  private line = 0
  private header: LogFileHeader | undefined
  private readonly tenants: Array<LogFileTenant> = []
  private readonly apiKeys: Array<LogFileApiKey> = []
  private readonly erasedUsers: Array<LogFileErasedUser> = []
  private walk: LogWalk | undefined
  private events: Array<StoredEvent> = []
  private characters = 0
  private lastCheck = 0
  private ended = false
  private failure: LogFileError | undefined

  push(piece: Uint8Array): Result.Result<ReadonlyArray<LogFileBatch>, LogFileError> {
    if (this.failure !== undefined) return Result.fail(this.failure)
    const batches: Array<LogFileBatch> = []
    const read = this.readLines(piece, batches)
    if (Result.isSuccess(read)) return Result.succeed(batches)
    this.failure = read.failure
    // What was found to be good before comes first.
    return batches.length > 0 ? Result.succeed(batches) : Result.fail(read.failure)
  }

  private readLines(piece: Uint8Array, batches: Array<LogFileBatch>): Result.Result<void, LogFileError> {
    const bytes = this.afterRest(piece)
    // A line of many pieces is looked through once, when it is whole.
    if (piece.indexOf(lineFeed) === -1) return this.keepRest(bytes.length)
    const isText = isUtf8(bytes.subarray(0, bytes.lastIndexOf(lineFeed) + 1))
    let start = 0
    let hashed = 0
    for (let feed = bytes.indexOf(lineFeed); feed !== -1; feed = bytes.indexOf(lineFeed, start)) {
      this.line++
      const line = bytes.toString("utf8", start, feed)
      if (!isText && !isUtf8(bytes.subarray(start, feed))) return this.failAtBytes(bytes.subarray(start, feed))
      const isSeal = line.startsWith(checkPrefix) || line.startsWith(endPrefix)
      if (isSeal) {
        this.hash.update(bytes.subarray(hashed, start))
        hashed = start
      }
      const taken = isSeal ? this.takeSeal(line, this.hash.copy().digest("hex")) : this.takeLine(line)
      if (Result.isFailure(taken)) return Result.fail(taken.failure)
      if (taken.success !== undefined) batches.push(taken.success)
      start = feed + 1
    }
    this.hash.update(bytes.subarray(hashed, start))
    bytes.copyWithin(0, start)
    return this.keepRest(bytes.length - start)
  }

  private keepRest(length: number): Result.Result<void, LogFileError> {
    this.rest = length
    if (length <= maxLineBytes) return Result.succeed(undefined)
    this.line++
    return this.fail(`has more than ${maxLineBytes} bytes`)
  }

  /** Whether the file was whole. */
  end(): Result.Result<void, LogFileError> {
    if (this.failure !== undefined) return Result.fail(this.failure)
    if (this.ended) return this.rest === 0 ? Result.succeed(undefined) : this.failAfterEnd()
    if (this.header === undefined) return this.failAtHeader(this.line === 0 && this.rest === 0 ? "It is empty." : "")
    const { events = 0, total = "" } = this.walk ?? {}
    return Result.fail(
      new LogFileError({
        message: `The file is cut off after line ${this.line}: it has ${events}${total === "" ? "" : ` of ${total}`} events and no end.`
      })
    )
  }

  private afterRest(piece: Uint8Array): Buffer {
    const length = this.rest + piece.length
    if (this.space.length < length) {
      const larger = Buffer.alloc(2 * length)
      larger.set(this.space.subarray(0, this.rest))
      this.space = larger
    }
    this.space.set(piece, this.rest)
    return this.space.subarray(0, length)
  }

  private takeLine(line: string): Result.Result<undefined, LogFileError> {
    if (this.ended) return this.failAfterEnd()
    if (this.header === undefined) return this.takeHeader(line)
    return this.walk === undefined ? this.takeOwner(line) : this.takeEvent(line, this.walk)
  }

  private takeHeader(line: string): Result.Result<undefined, LogFileError> {
    const version = /^{"playtally_log":(\d+)/.exec(line)?.[1]
    if (version !== undefined && Number(version) !== logFileVersion) {
      return this.failAtHeader(`It has format version ${version}, and this release reads version ${logFileVersion}.`)
    }
    const header = Option.getOrUndefined(headerLine.parse(line))
    if (header === undefined) return this.failAtHeader("")
    if (header.slice_count !== sliceCount) {
      return this.failAtHeader(`Its log has ${header.slice_count} slices; a log of this release has ${sliceCount}.`)
    }
    let before = -1
    for (const [slice, position] of header.heads) {
      if (slice <= before || slice >= sliceCount || position < 1) return this.fail("names impossible heads")
      before = slice
    }
    this.header = header
    return Result.succeed(undefined)
  }

  private takeOwner(line: string): Result.Result<undefined, LogFileError> {
    const tenant = Option.getOrUndefined(tenantLine.parse(line))?.tenant
    const apiKey = tenant === undefined ? Option.getOrUndefined(apiKeyLine.parse(line))?.api_key : undefined
    const erasedUser = (tenant ?? apiKey) === undefined ? Option.getOrUndefined(erasedUserLine.parse(line))?.erased_user : undefined
    const isKnown = (of: { readonly tenant_id: TenantId }) => this.tenants.some(({ tenant_id }) => tenant_id === of.tenant_id)
    if (tenant !== undefined && this.apiKeys.length + this.erasedUsers.length === 0) this.tenants.push(tenant)
    else if (apiKey !== undefined && this.erasedUsers.length === 0 && isKnown(apiKey)) this.apiKeys.push(apiKey)
    else if (erasedUser !== undefined && isKnown(erasedUser)) this.erasedUsers.push(erasedUser)
    else return this.fail("is neither a tenant nor an API key of one nor an erased user, as an export writes them")
    return Result.succeed(undefined)
  }

  private takeEvent(line: string, walk: LogWalk): Result.Result<undefined, LogFileError> {
    const event = parseStoredEvent(line)
    if (event === undefined) return this.fail("is not an event as an export writes it")
    // Whatever is in a log is part of its history, also what is more than `MAX_EVENT_BYTES` of
    // today; no reader could take more than this.
    if (line.length > readableEvent / 3 && Buffer.byteLength(event.payload) > readableEvent) {
      return this.fail(`has a payload of ${Buffer.byteLength(event.payload)} bytes, more than the ${readableEvent} that can be read again`)
    }
    const problem = walk.next(event)
    if (problem !== undefined) return this.fail(problem, ": ")
    this.characters += line.length
    if (this.events.push(event) > 4 * sealAfter.events || this.characters > 4 * sealAfter.characters + maxLineBytes) {
      return this.fail("should have been a check")
    }
    return Result.succeed(undefined)
  }

  private takeSeal(line: string, sha256: string): Result.Result<LogFileBatch | undefined, LogFileError> {
    if (this.ended) return this.failAfterEnd()
    if (this.header === undefined) return this.failAtHeader("")
    const isCheck = line.startsWith(checkPrefix)
    const prelude: LogFilePrelude = { header: this.header, tenants: this.tenants, apiKeys: this.apiKeys, erasedUsers: this.erasedUsers }
    this.walk ??= new LogWalk(prelude)
    const { events: eventsSoFar, total } = this.walk
    if (line !== (isCheck ? checkLine(eventsSoFar, sha256) : endLine(this.header, sha256))) {
      return this.fail(
        `says that something ${
          this.lastCheck === 0 ? "before it" : `between line ${this.lastCheck} and it`
        } is not what was exported: lines were changed, ` +
          "moved, added or lost"
      )
    }
    if (!isCheck) {
      if (this.events.length > 0 || eventsSoFar !== total || this.lastCheck === 0) {
        return this.fail(`ends the file after ${eventsSoFar} of ${total} events`)
      }
      this.ended = true
      return Result.succeed(undefined)
    }
    const batch = { prelude, events: this.events, firstLine: this.lastCheck + 1, lastLine: this.line, eventsSoFar, sha256 }
    this.lastCheck = this.line
    this.events = []
    this.characters = 0
    return Result.succeed(batch)
  }

  private fail(what: string, link = " "): Result.Result<never, LogFileError> {
    return Result.fail(new LogFileError({ message: `Line ${this.line} of the file${link}${what}.` }))
  }

  private failAtBytes(line: Uint8Array): Result.Result<never, LogFileError> {
    if (this.header !== undefined) return this.fail("is not UTF-8")
    const isGzip = line[0] === 0x1f && line[1] === 0x8b
    return this.failAtHeader(isGzip ? "It is compressed: unpack it first, `gunzip -c FILE | npm run cli -- events import -`." : "")
  }

  private failAtHeader(why: string): Result.Result<never, LogFileError> {
    return Result.fail(
      new LogFileError({ message: ["The file is not one that `events export` of this release wrote.", why].join(" ").trim() })
    )
  }

  private failAfterEnd(): Result.Result<never, LogFileError> {
    return Result.fail(new LogFileError({ message: `The file goes on after its end.` }))
  }
}
