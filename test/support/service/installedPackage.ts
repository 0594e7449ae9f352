import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { removeFolder } from "../removeFolder.ts"
import { until } from "../time/until.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** What a program that has ended has said. */
export interface Said {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A service that an installed package runs. */
export interface InstalledService {
  readonly url: string
  readonly greeting: string
  /** Tells it to stop, and waits for its end. */
  readonly stop: Effect.Effect<Said>
}

/** A folder with the package of this working copy in its `node_modules`. */
export interface InstalledPackage {
  readonly folder: string
  /** The paths of the files in the package. */
  readonly files: ReadonlyArray<string>
  /** Runs `playtally` with these arguments in the folder, to its end. */
  readonly run: (args: ReadonlyArray<string>, settings?: Readonly<Record<string, string>>) => Effect.Effect<Said>
  /** Starts the service in the folder, on any port, and waits until it listens. */
  readonly start: (
    args: ReadonlyArray<string>,
    settings?: Readonly<Record<string, string>>
  ) => Effect.Effect<InstalledService, never, Scope.Scope>
}

interface Options {
  /**
   * `Linked` puts the packages that this one depends on there from this working copy, which takes
   * no time and no registry. `Registry` lets npm install them.
   */
  readonly dependencies: "Linked" | "Registry"
  /** The folder of the Node to run it on; the one of `PATH` unless given. */
  readonly node?: string
}

/** What programs that are no part of this run get as their environment. */
const environment = (node: string | undefined) => ({
  PATH: node === undefined ? process.env["PATH"] : `${node}:${process.env["PATH"]}`,
  HOME: process.env["HOME"],
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
  ...process.env["npm_config_registry"] === undefined ? {} : { npm_config_registry: process.env["npm_config_registry"] }
})

/** Packs this working copy, and installs the package into a folder that is empty but for it. */
export const installedPackage = Effect.fnUntraced(function*({ dependencies, node }: Options) {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const path = await mkdtemp(join(tmpdir(), "playtally-package-"))
      // For the account that runs the embedded server if we are root.
      await chmod(path, 0o711)
      return path
    }),
    (path) => Effect.promise(() => removeFolder(path))
  )
  const env = { ...environment(node), XDG_CACHE_HOME: join(folder, "cache"), DRAIN_SECONDS: "0", PORT: "0" }
  const packed = yield* run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], { cwd: root, env })
  const [{ filename, files }] = packedFiles(packed)
  yield* Effect.promise(async () => {
    await writeFile(join(folder, "package.json"), "{}")
    if (dependencies === "Linked") await linked(folder)
  })
  const install = dependencies === "Linked"
    ? run("tar", ["-xzf", filename, "-C", "node_modules/playtally", "--strip-components=1"], { cwd: folder, env })
    : run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${filename}`], { cwd: folder, env })
  const { code, stderr } = yield* install
  if (code !== 0) throw new Error(`The package cannot be installed: ${stderr}`)

  const program = dependencies === "Linked" ? "node_modules/playtally/bin/playtally.mjs" : "node_modules/.bin/playtally"
  const installed: InstalledPackage = {
    folder,
    files: files.map(({ path }) => path),
    run: (args, settings) => run("node", [program, ...args], { cwd: folder, env: { ...env, ...settings } }),
    start: Effect.fnUntraced(function*(args, settings) {
      const child = yield* Effect.acquireRelease(
        Effect.sync(() => spawned("node", [program, ...args], { cwd: folder, env: { ...env, ...settings } })),
        ({ ended, process }) =>
          Effect.andThen(Effect.sync(() => process.exitCode === null && process.signalCode === null && process.kill("SIGKILL")), ended)
      )
      yield* until(() => child.said.stdout.includes("consistency=strong") || child.process.exitCode !== null)
      const url = /^playtally listens on (http:\S+)$/m.exec(child.said.stdout)?.[1]
      if (url === undefined) throw new Error(`The service of the package does not listen: ${child.said.stdout}${child.said.stderr}`)
      return {
        url,
        greeting: child.said.stdout,
        stop: Effect.andThen(Effect.sync(() => child.process.kill("SIGTERM")), child.ended)
      }
    })
  }
  return installed
})

/** Puts the packages of this working copy that the package depends on where npm would put them. */
const linked = async (folder: string) => {
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> }
  await mkdir(join(folder, "node_modules/playtally"), { recursive: true })
  for (const name of Object.keys(dependencies)) {
    const path = join(folder, "node_modules", name)
    await mkdir(dirname(path), { recursive: true })
    await symlink(join(root, "node_modules", name), path)
  }
  // The Node that this working copy has brought, if its machine needed one.
  await mkdir(join(folder, "cache"))
  await symlink(join(root, ".node"), join(folder, "cache/playtally"))
}

const packedFiles = ({ stderr, stdout }: Said) => {
  try {
    return JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [{ filename: string; files: ReadonlyArray<{ path: string }> }]
  } catch {
    throw new Error(`The package cannot be packed: ${stdout}${stderr}`)
  }
}

interface Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

const spawned = (file: string, args: ReadonlyArray<string>, { cwd, env }: Surroundings) => {
  const process = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] })
  const said = { stdout: "", stderr: "" }
  process.stdout.on("data", (chunk) => said.stdout += String(chunk))
  process.stderr.on("data", (chunk) => said.stderr += String(chunk))
  const closed = once(process, "close")
  const ended = Effect.promise(async (): Promise<Said> => {
    const [code] = await closed
    return { code, ...said }
  })
  return { process, said, ended }
}

const run = (file: string, args: ReadonlyArray<string>, surroundings: Surroundings) =>
  Effect.suspend(() => spawned(file, args, surroundings).ended)
