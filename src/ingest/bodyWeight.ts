/** What a parsed JSON value takes in memory, in bytes, about. */
const bytesPerValue = 64

/** Values that every body has, and that count nothing. */
const freeValues = 256

/**
 * The bytes that a body counts as while it is in flight: its own, or what its values take in memory
 * where that is more.
 */
export const bodyWeight = ({ bytes, values }: { readonly bytes: number; readonly values: number }): number =>
  Math.max(bytes, (values - freeValues) * bytesPerValue)
