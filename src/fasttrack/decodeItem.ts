import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as SchemaJITCompiler from "effect/schema/SchemaJITCompiler"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { UnparsedItem } from "./BulkItems.ts"
import { isJsonObject, type JsonObject } from "./canonicalJson.ts"
import { Envelope } from "./Envelope.ts"
import { eventKinds } from "./eventKinds.ts"
import { type EventType, eventTypes, type FastTrackEvent, isEventType, perKind } from "./FastTrackEvent.ts"
import type { ItemIssue } from "./ItemIssue.ts"
import { isJsonNumber } from "./JsonNumber.ts"
import { textProblem } from "./Text.ts"
import { integerText } from "./TextOrInteger.ts"

/**
 * An item that can never be accepted, with at most 5 issues.
 *
 * `event` and `id` are the item's own, or null where they cannot be read.
 */
export interface InvalidItem {
  readonly _tag: "InvalidItem"
  readonly event: string | null
  readonly id: string | null
  readonly issues: ReadonlyArray<ItemIssue>
}

const maxIssues = 5

/**
 * Decodes one item of a bulk body, as `BulkItems` gives it.
 *
 * Types are strict and unknown fields are dropped. An invalid item names all fields that are wrong.
 * `latest` is the latest `timestamp` taken, in milliseconds since the epoch.
 */
export const decodeItem = (
  item: unknown,
  { latest }: { readonly latest: number } = timeless
): Result.Result<FastTrackEvent, InvalidItem> => {
  if (item instanceof UnparsedItem) return invalid({}, [{ path: [], message: item.message }])
  if (!isJsonObject(item)) return invalid({}, [{ path: [], message: "must be an object" }])
  const { data, event } = item
  if (typeof event !== "string" || !isEventType(event)) {
    return invalid(item, [{ path: ["event"], message: event === undefined ? isRequired : mustBeAnEvent }])
  }
  if (!isJsonObject(data)) return invalid(item, [{ path: ["data"], message: data === undefined ? isRequired : "must be an object" }])

  const decoded = decoders[event](item, data)
  return Result.isSuccess(decoded) && decoded.success.occurredAt > latest
    ? invalid(item, [{
      path: ["data", "timestamp"],
      message: `must not lie so far in the future: the latest taken now is ${new Date(latest).toISOString()}`
    }])
    : decoded
}

const timeless = { latest: Number.POSITIVE_INFINITY }

const isRequired = "is required"
const mustBeAnEvent = `must be one of ${eventTypes.join(", ")}`

const invalid = (item: JsonObject, issues: ReadonlyArray<ItemIssue>): Result.Result<never, InvalidItem> =>
  Result.fail({ _tag: "InvalidItem", event: readable(item["event"], 64), id: idIn(item), issues: issues.slice(0, maxIssues) })

const readable = (value: unknown, maxLength: number): string | null =>
  typeof value === "string" && textProblem(value, 1, maxLength) === undefined ? value : null

/** The id in a field, which may be an integer where the kind takes one. */
const readableId = (field: string, value: unknown): string | null =>
  readable(field === "payment_id" && isJsonNumber(value) ? integerText(value) : value, 256)

/** The id in an item's data. If the kind is unknown, the first id of any kind. */
const idIn = ({ data, event }: JsonObject): string | null => {
  if (!isJsonObject(data)) return null
  const kinds = typeof event === "string" && isEventType(event) ? [eventKinds[event]] : Object.values(eventKinds)
  const fields = kinds.map(({ idField }) => idField)
  return fields.map((field) => readableId(field, data[field])).find((id) => id !== null) ?? null
}

const parserOf = <A>(schema: Schema.ConstraintDecoder<A>) => {
  // It makes decoding a fifth faster. Parsers made before this line stay interpreted, so the line
  // is here and not in the program's entry.
  SchemaJITCompiler.enable(schema.ast)
  const parse = SchemaParser.decodeUnknownResult(schema)
  const issuesOf = (data: JsonObject): ReadonlyArray<ItemIssue> => {
    // All issues of a list take memory for each of its elements, so a long list names only the
    // first.
    const result = SchemaParser.decodeUnknownResult(schema, { errors: hasLongList(data) ? "first" : "all" })(data)
    return Result.isSuccess(result) ? [] : formatIssue(result.failure).issues.map(toItemIssue)
  }
  return { parse, issuesOf }
}

/** Whether the data, a leg, or the outcomes of a leg have a list of more than 100 elements. */
const hasLongList = (value: unknown, levels = 3): boolean =>
  Array.isArray(value)
    ? value.length > 100 || levels > 0 && value.some((element) => hasLongList(element, levels - 1))
    : levels > 0 && isJsonObject(value) && Object.values(value).some((member) => hasLongList(member, levels - 1))

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => (issue._tag === "MissingKey" ? isRequired : SchemaIssue.defaultLeafHook(issue))
})

const toItemIssue = ({ message, path }: { readonly message: string; readonly path?: ReadonlyArray<unknown> | undefined }): ItemIssue => ({
  path: ["data", ...(path ?? []).map((key) => (typeof key === "number" ? key : String(key)))],
  message: message.slice(0, 200)
})

const envelopeParser = parserOf(Envelope)

type Decoder = (item: JsonObject, data: JsonObject) => Result.Result<FastTrackEvent, InvalidItem>

const decoderOf = ({ data: schema, event }: (typeof eventKinds)[EventType]): Decoder => {
  const dataParser = parserOf<FastTrackEvent["data"]>(schema)
  return (item, wire) => {
    const envelope = envelopeParser.parse(wire)
    const data = dataParser.parse(wire)
    return Result.isSuccess(envelope) && Result.isSuccess(data)
      // The type system does not connect the data with its kind.
      ? Result.succeed(
        { event, userId: envelope.success.user_id, occurredAt: envelope.success.timestamp, data: data.success } as FastTrackEvent
      )
      : invalid(item, [...envelopeParser.issuesOf(wire), ...dataParser.issuesOf(wire)])
  }
}

const decoders = perKind(decoderOf)
