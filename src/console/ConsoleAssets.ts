import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"

/** Where a page finds what it loads. */
export interface AssetPaths {
  readonly style: string
  readonly htmx: string
  readonly sse: string
  readonly icon: string
}

/** A file that a page loads. */
export interface Asset {
  readonly contentType: string
  readonly body: Uint8Array
}

const resolve = createRequire(import.meta.url).resolve
const own = (name: string) => fileURLToPath(new URL(`./assets/${name}`, import.meta.url))

const sources: Readonly<Record<keyof AssetPaths, { readonly file: () => string; readonly name: string; readonly contentType: string }>> = {
  style: { file: () => own("console.css"), name: "console.css", contentType: "text/css; charset=utf-8" },
  htmx: { file: () => resolve("htmx.org/dist/htmx.min.js"), name: "htmx.js", contentType: "text/javascript; charset=utf-8" },
  sse: { file: () => resolve("htmx-ext-sse/dist/sse.min.js"), name: "sse.js", contentType: "text/javascript; charset=utf-8" },
  icon: { file: () => own("icon.svg"), name: "icon.svg", contentType: "image/svg+xml" }
}

/** Where the files are served. */
export const assetsPath = "/console/assets"

/**
 * The files that the pages load, read at the start. Nothing comes from elsewhere.
 *
 * The path of a file has its hash, so that a browser may keep it for good.
 */
export class ConsoleAssets extends Context.Service<ConsoleAssets, {
  readonly paths: AssetPaths
  /** The file of a path; undefined if there is none. */
  readonly find: (path: string) => Asset | undefined
}>()("playtally/console/ConsoleAssets") {
  static readonly layer = Layer.effect(
    ConsoleAssets,
    Effect.promise(async () => {
      const files = new Map<string, Asset>()
      const load = async (key: keyof AssetPaths): Promise<string> => {
        const { contentType, file, name } = sources[key]
        const body = await readFile(file())
        const hash = createHash("sha256").update(body).digest("hex").slice(0, 16)
        const path = `${assetsPath}/${hash}/${name}`
        files.set(path, { contentType, body })
        return path
      }
      const [style, htmx, sse, icon] = await Promise.all([load("style"), load("htmx"), load("sse"), load("icon")])
      return ConsoleAssets.of({ paths: { style, htmx, sse, icon }, find: (path) => files.get(path) })
    })
  )
}
