import { lowerCase } from "../values/asciiCase.ts"

/**
 * The words in `type` and `status` by which events of a kind count, in lower case, and what each
 * means. Other words are stored and counted by nothing.
 *
 * A kind declares its words once: the projections follow them, `uncounted` lists what they leave
 * out, and the API's description names them.
 */
export interface CountedWords<Type, Status> {
  readonly type: ReadonlyMap<string, Type>
  readonly status: ReadonlyMap<string, Status>
}

/** Words that mean themselves. */
export const plainWords = <const W extends string>(...words: ReadonlyArray<W>): ReadonlyMap<string, W> =>
  new Map(words.map((word) => [word, word]))

/** The word for which no projection counts an event, in lower case. */
export interface UncountedWord {
  readonly field: "type" | "status"
  readonly word: string
}

/**
 * The word of an event that is none of those that count. The type comes first: without one that
 * counts, no status does.
 */
export const uncountedAmong = (
  words: CountedWords<unknown, unknown>,
  data: { readonly type: string; readonly status: string }
): UncountedWord | undefined => {
  const type = lowerCase(data.type)
  if (!words.type.has(type)) return { field: "type", word: type }
  const status = lowerCase(data.status)
  return words.status.has(status) ? undefined : { field: "status", word: status }
}
