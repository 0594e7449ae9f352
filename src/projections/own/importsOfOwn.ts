import * as module from "node:module"

/** The public vocabulary of this code, and of no other copy. */
const vocabulary = new URL("../../projection.ts", import.meta.url)

const isEffect = (specifier: string): boolean => specifier === "effect" || specifier.startsWith("effect/")

/**
 * Lets files of your own import `playtally/projection` and `effect` wherever they are.
 *
 * `npx playtally` runs from a cache of npm, so nothing that the files import is beside them. A
 * copy beside them would be another one: its projections would be none to this code. Each thread
 * calls this before it loads such files. Deno asks no such hook: `start:deno` has an import map.
 */
export const resolveImportsOfOwn = (folder: URL): void => {
  if (process.versions["deno"] !== undefined) return
  module.registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === "playtally/projection") return { url: vocabulary.href, shortCircuit: true }
      if (context.parentURL?.startsWith(folder.href) !== true) return next(specifier, context)
      if (specifier.startsWith("playtally/")) throw new Error(`a projection may import "playtally/projection", and not "${specifier}"`)
      return next(specifier, isEffect(specifier) ? { ...context, parentURL: import.meta.url } : context)
    }
  })
}
