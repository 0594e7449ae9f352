import * as SchemaGetter from "effect/SchemaGetter"

/**
 * Decodes with `read`, where undefined means that the value is invalid: no schema here takes
 * undefined, so the one that is decoded to refuses it, with its own message. Unlike a getter that
 * can fail, this one is compiled into the decoder and makes no object for each value.
 */
export const readAs = <T, E>(read: (value: E) => T | undefined): SchemaGetter.Getter<T, E> =>
  SchemaGetter.transform((value: E) => read(value) as T)
