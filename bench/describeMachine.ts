import { execFileSync } from "node:child_process"
import { statfsSync } from "node:fs"
import { arch, cpus, loadavg, platform, release, tmpdir, totalmem } from "node:os"

/** What the figures were measured on: without it they mean nothing. */
export interface Machine {
  readonly at: string
  readonly processor: string
  readonly threads: number
  readonly memoryGB: number
  readonly system: string
  readonly node: string
  readonly postgres: string
  /** The commit, with `+` if files were changed; undefined outside a working copy. */
  readonly commit: string | undefined
  /**
   * Processes that wanted a processor in the minute before the start: more than some tenths, and
   * the figures are somebody else's too.
   */
  readonly loadBefore: number
  /** Where the database is, and how much room there is, in GB. */
  readonly folder: { readonly path: string; readonly freeGB: number }
}

/** Describes this machine, before anything is started on it. */
export const describeMachine = (): Omit<Machine, "postgres"> => {
  const { bavail, bsize } = statfsSync(tmpdir())
  return {
    at: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    commit: commit(),
    loadBefore: loadavg()[0] ?? NaN,
    folder: { path: tmpdir(), freeGB: Math.round(bavail * bsize / 2 ** 30) }
  }
}

const commit = (): string | undefined => {
  const git = (...args: ReadonlyArray<string>) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}`
  } catch {
    return undefined
  }
}

/** The machine in a few lines. */
export const machineLines = (
  { at, commit, loadBefore, memoryGB, node, postgres, processor, system, threads }: Machine
): ReadonlyArray<string> => [
  `${processor}, ${threads} threads, ${memoryGB} GB, ${system}`,
  `Node ${node.slice(1)}, ${postgres}, crash-safe settings, client and service on the same machine`,
  `${at.slice(0, 16).replace("T", " ")} UTC${commit === undefined ? "" : `, commit ${commit}`}, load before ${loadBefore.toFixed(1)}${
    loadBefore > 0.5 ? ": NOT QUIET" : ""
  }`
]
