/**
 * The value, which is there by what the caller has made sure of.
 *
 * A defect that names what is missing, if it is not.
 */
export const known = <A>(value: A | null | undefined, what: string): A => {
  if (value === undefined || value === null) throw new Error(`Missing ${what}: this is a defect`)
  return value
}
