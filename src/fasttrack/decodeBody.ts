import * as Result from "effect/Result"
import { BulkItems } from "./BulkItems.ts"
import { isJsonObject } from "./canonicalJson.ts"
import { parseJson } from "./parseJson.ts"
import { parserMessage } from "./parserMessage.ts"

/** The body is not JSON. */
export interface MalformedJson {
  readonly _tag: "MalformedJson"
  /** What the parser says, at most 200 characters. */
  readonly message: string
}

/** The body is JSON but neither `{"items": [...]}` nor an array. */
export interface NotABatch {
  readonly _tag: "NotABatch"
}

/** The items of a bulk body, `{"items": [...]}` or `[...]`, not decoded yet, with every digit of their numbers kept (design §2). */
export const decodeBody = (text: string): Result.Result<BulkItems, MalformedJson | NotABatch> =>
  Result.map(itemsIn(text), (items) => new BulkItems(items, () => Result.getOrThrow(itemsIn(text))))

const itemsIn = (text: string): Result.Result<Array<unknown>, MalformedJson | NotABatch> =>
  Result.flatMap(parse(text), (body) => {
    const items = isJsonObject(body) ? body["items"] : body
    return Array.isArray(items) ? Result.succeed(items) : Result.fail<NotABatch>({ _tag: "NotABatch" })
  })

const parse = (text: string): Result.Result<unknown, MalformedJson> =>
  Result.try({
    try: () => parseJson(text),
    catch: (error) => ({ _tag: "MalformedJson", message: parserMessage(error) })
  })
