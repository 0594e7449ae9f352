import { readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

/**
 * The import map with which Deno finds what projections of your own import, wherever their folder is: the vocabulary and Effect of this working copy.
 * On Node a hook does it: `src/projections/own/importsOfOwn.ts`. It is a URL, as Deno's `--import-map` takes it.
 */
export const denoImports = (root) => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const effect = `npm:/effect@${dependencies.effect}`
  const imports = {
    "playtally/projection": pathToFileURL(join(root, "src/projection.ts")).href,
    "effect": effect,
    "effect/": `${effect}/`
  }
  return `data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`
}
