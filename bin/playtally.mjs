#!/usr/bin/env node
// The command of the installed package: `npx playtally` starts the service, `npx playtally COMMAND` runs any other command. Where Node is too old, it
// brings a newer one into the user's cache folder, once. Old Nodes must be able to read this file.
import { accessSync, constants, mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { become, fail, heap, isRecent, recentNode } from "../scripts/bringNode.mjs"

const main = fileURLToPath(new URL("../dist/src/main.js", import.meta.url))

/** Where the newer Node is kept. The folder of the package is no place: another account may own it, and an update removes it. */
const cacheFolder = () => {
  const { XDG_CACHE_HOME } = process.env
  const folder = join(XDG_CACHE_HOME || join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache"), "playtally")
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    fail(
      `playtally: a newer Node is to be kept in ${folder}, which cannot be written (${cause.code}): name another place by XDG_CACHE_HOME.`
    )
  }
  return folder
}

const [first, ...others] = process.argv.slice(2)
const args = first === undefined ? ["serve"] : first.startsWith("--projections") ? ["serve", first, ...others] : [first, ...others]
const node = isRecent(process.versions.node) ? process.execPath : await recentNode(cacheFolder())
await become(node, [...heap, main, ...args])
