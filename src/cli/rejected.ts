import { Argument, Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { identityOf, issuesOf } from "../ingest/rejected/describeRejection.ts"
import { allRejections, type KeptRejection, latestRejections } from "../ingest/rejected/keptRejections.ts"
import { Tenants } from "../tenants/Tenants.ts"
import { checkedDatabase } from "./checkedDatabase.ts"
import { explained } from "./CommandFailed.ts"
import { countFlag } from "./countFlag.ts"
import { formatTable } from "./formatTable.ts"
import { nameArgument } from "./nameArgument.ts"
import { print, printLines } from "./print.ts"
import { replayRejected } from "./replayRejected.ts"

const rejectedLayer = Tenants.layer.pipe(Layer.provideMerge(checkedDatabase))

const tenant = nameArgument("tenant", "Name of the tenant")

const rowOf = (rejection: KeptRejection): ReadonlyArray<string> => {
  const { event = rejection.truncated ? "(too long)" : "-", id = "-" } = identityOf(rejection)
  const [first] = issuesOf(rejection)
  const issue = first === undefined ? "-" : `${first.path} ${first.message}`.trim().slice(0, 200)
  return [rejection.lastAt.toISOString(), String(rejection.times), rejection.reason, event, id, issue]
}

const list = Command.make(
  "list",
  { tenant, limit: countFlag("limit", { most: 1_000, otherwise: 50 }).pipe(Flag.withDescription("How many to show")) },
  Effect.fnUntraced(
    function*({ limit, tenant }) {
      const { tenantId } = yield* (yield* Tenants).get(tenant)
      const rejections = yield* latestRejections(tenantId, limit)
      yield* print(...formatTable(["LAST AT", "TIMES", "REASON", "EVENT", "ID", "FIRST ISSUE"], rejections.map(rowOf)))
    },
    Effect.provide(rejectedLayer),
    explained
  )
).pipe(Command.withDescription("Show what was refused, the latest first"))

/**
 * JSON in printable ASCII. Other characters stand within strings only, where they can be escaped.
 */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/**
 * One line of JSON about a kept item.
 *
 * The item is the received text, so no digit is lost; a cut item is a string. Everything is
 * printable ASCII, as items are kept, so no terminal acts on it.
 */
const toNdjson = ({ firstAt, issues, item, lastAt, reason, times, truncated }: KeptRejection): string => {
  const about = asciiJson({ reason, times, first_at: firstAt, last_at: lastAt, issues })
  return `${about.slice(0, -1)},${truncated ? `"cut_item":${JSON.stringify(item)}` : `"item":${item}`}}`
}

const exportCommand = Command.make(
  "export",
  {
    tenant,
    file: Argument.String("file").pipe(Argument.withDescription("A file that does not exist yet; stdout if left out"), Argument.optional)
  },
  Effect.fnUntraced(
    function*({ file, tenant }) {
      const { tenantId } = yield* (yield* Tenants).get(tenant)
      let count = 0
      const lines = Stream.map(allRejections(tenantId), (rejection) => {
        count++
        return toNdjson(rejection)
      })
      if (Option.isNone(file)) {
        yield* printLines(lines)
      } else {
        const sink = (yield* FileSystem.FileSystem).sink(file.value, { flag: "wx" })
        yield* Stream.run(Stream.encodeText(Stream.map(lines, (line) => `${line}\n`)), sink)
      }
      yield* Console.error(`Exported ${count} rejected ${count === 1 ? "item" : "items"} of tenant "${tenant}".`)
    },
    Effect.provide(rejectedLayer),
    explained
  )
).pipe(
  Command.withDescription("Write everything that was refused as NDJSON, with the items as received"),
  Command.withExamples([{
    command: "rejected export brand-a | jq -c .item",
    description: "The items alone, to be put right and sent again"
  }])
)

/** `rejected list | export | replay`. */
export const rejected = Command.make("rejected").pipe(
  Command.withDescription("Items that were refused, kept so that nothing is lost"),
  Command.withSubcommands([list, exportCommand, replayRejected])
)
