import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { NotMeasured } from "./Row.ts"

const folder = fileURLToPath(new URL("emmett", import.meta.url))

/** Packages by their place, with their versions, as npm writes them. */
const packagesIn = (file: string): Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>> | undefined => {
  try {
    return JSON.parse(readFileSync(join(folder, file), "utf8")).packages
  } catch {
    return undefined
  }
}

const isInstalled = () => {
  const present = packagesIn("node_modules/.package-lock.json")
  return present !== undefined &&
    Object.entries(packagesIn("package-lock.json") ?? {}).every(([place, { optional, version }]) =>
      place === "" || optional === true || present[place]?.version === version
    )
}

/**
 * Installs what `emmett/package-lock.json` asks for, if it is not there; fails with
 * {@link NotMeasured} and npm's reason where it cannot.
 */
export const installEmmett = async (signal: AbortSignal): Promise<void> => {
  if (isInstalled()) return
  const cli = process.env["npm_execpath"]
  const [file, ...first] = cli !== undefined && /npm-cli\.c?js$/.test(cli) ? [process.execPath, cli] : ["npm"]
  const args = [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--no-update-notifier"]
  await new Promise<void>((done, failed) => {
    const child = spawn(file, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"], signal, timeout: 120_000 })
    let said = ""
    child.stderr.on("data", (chunk) => said += String(chunk))
    child.on("error", (cause) => failed(new NotMeasured(`Emmett is not installed: npm did not start (${cause.message})`)))
    child.on("close", (code) => {
      // Without the addresses: the reader's registry is nobody's business.
      const reason = said.replaceAll(/https?:\S+/g, "…").split("\n").find((line) => /error/i.test(line) && !/warn/i.test(line)) ??
        "no reason given"
      if (code === 0) done()
      else failed(new NotMeasured(`Emmett is not installed: npm ci failed (${reason.trim()})`))
    })
  })
}
