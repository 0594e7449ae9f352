import { Flag } from "effect/cli"

/** A flag that takes a whole number from 1 to `most`. */
export const countFlag = (name: string, { most, otherwise }: { readonly most: number; readonly otherwise: number }): Flag.Flag<number> =>
  Flag.Int(name).pipe(
    Flag.filter((count) => count >= 1 && count <= most, () => `Expected a whole number from 1 to ${most}`),
    Flag.withDefault(otherwise)
  )
