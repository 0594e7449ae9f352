/**
 * Returns the value, or throws a defect that names `what` if it is missing.
 *
 * For what the code has made sure of. A value that may be missing has an answer of its own.
 */
export const known = <A>(value: A | null | undefined, what: string): A => {
  if (value === undefined || value === null) throw new Error(`Missing ${what}: this is a defect`)
  return value
}
