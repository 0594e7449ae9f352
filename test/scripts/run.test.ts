import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFile, cp, mkdir, mkdtemp, readFile, realpath, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { removeFolder } from "../support/removeFolder.ts"

/**
 * Stands for npm: "installs" what the lock file in its folder says, slowly, and notes that it was
 * called.
 */
const npm = `
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"))
appendFileSync(process.env.CALLS, "npm " + process.argv[2] + "\\n")
if (existsSync("installing")) process.exit(1)
writeFileSync("installing", "")
await new Promise((done) => setTimeout(done, 300))
rmSync("node_modules", { recursive: true, force: true })
for (const path of Object.keys(packages).filter((path) => path !== "")) {
  mkdirSync(path + "/bin", { recursive: true })
  if (path.startsWith("node_modules/node-")) symlinkSync(process.execPath, path + "/bin/node")
}
if (existsSync("node_modules/vitest")) cpSync("program.mjs", "node_modules/vitest/vitest.mjs")
writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages }))
rmSync("installing")
`

/**
 * Stands for vitest: says what it was called with, and with an argument "wait" ends well on SIGTERM
 * only.
 */
const program = `
if (process.argv[3] === "wait") {
  process.on("SIGTERM", () => { console.log("told"); setTimeout(() => process.exit(0), 100) })
  setInterval(() => {}, 1000)
}
console.log(JSON.stringify({ node: process.argv0, args: process.argv.slice(2) }))
if (process.argv[3] !== "wait") process.exit(Number(process.argv[3]))
`

/** Makes a Node an old one, which neither replaces itself nor runs this project. */
const aged = `
Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.0.0" } })
delete process.execve
`

const recent = `
if (Number(process.versions.node.split(".")[0]) < 22) Object.defineProperty(process, "versions", { value: { ...process.versions, node: "24.0.0" } })
`

const packages = (version: string) => ({
  "": {},
  "node_modules/vitest": { version, dev: true },
  "node_modules/elsewhere": { version, optional: true }
})

const folders: Array<string> = []
afterAll(() => Promise.all(folders.map((folder) => removeFolder(folder))))

const project = async (version: "old" | "new" = "new") => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "playtally-run-")))
  folders.push(root)
  await mkdir(join(root, "scripts"))
  for (const name of ["run.mjs", "bringNode.mjs", "denoImports.mjs"]) {
    await cp(fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url)), join(root, "scripts", name))
  }
  const files = {
    "npm-cli.js": npm,
    "program.mjs": program,
    "age.cjs": version === "old" ? aged : recent,
    "package.json": "{\"type\":\"module\"}"
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  const lock = (version: string) => writeFile(join(root, "package-lock.json"), JSON.stringify({ packages: packages(version) }))
  await lock("1.0.0")
  const calls = join(root, "calls")
  await appendFile(calls, "")
  const start = (...args: ReadonlyArray<string>) => {
    const child = spawn("node", ["--require", join(root, "age.cjs"), join(root, "scripts/run.mjs"), "test", ...args], {
      cwd: tmpdir(),
      env: { PATH: process.env["PATH"] ?? "", CALLS: calls, npm_execpath: join(root, "npm-cli.js") },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true
    })
    let output = ""
    let errors = ""
    child.stdout.on("data", (chunk) => output += String(chunk))
    child.stderr.on("data", (chunk) => errors += String(chunk))
    const closed = once(child, "close")
    const end = async () => {
      const [code, signal] = await closed
      const lines = output.trim().split("\n")
      return { code, signal, errors, said: lines.slice(1), ...JSON.parse(lines[0] || "{}") }
    }
    return { child, end, speaks: once(child.stdout, "data") }
  }
  return { root, lock, start, run: (...args: ReadonlyArray<string>) => start(...args).end(), calls: () => readFile(calls, "utf8") }
}

describe.concurrent("scripts/run.mjs", () => {
  it("installs what package-lock.json asks for when that has changed, and passes arguments and exit code through", async () => {
    const { calls, lock, run } = await project()
    const first = await run("7", "a b", "$c")
    assert.deepStrictEqual([first.code, first.args], [7, ["run", "7", "a b", "$c"]])
    assert.include(first.errors, "Installing")
    const second = await run("0")
    assert.deepStrictEqual([second.code, second.errors], [0, ""])
    assert.strictEqual(await calls(), "npm ci\n")
    await lock("2.0.0")
    assert.strictEqual((await run("0")).code, 0)
    assert.strictEqual(await calls(), "npm ci\nnpm ci\n")
  })

  it("installs once for several that start at once", async () => {
    const { calls, run } = await project()
    const results = await Promise.all([run("1"), run("2"), run("3")])
    assert.deepStrictEqual(results.map(({ code }) => code), [1, 2, 3])
    assert.strictEqual(await calls(), "npm ci\n")
  })

  it("takes the lock of a crashed process over", async () => {
    const { calls, root, run } = await project()
    const lock = join(root, ".node/lock/7")
    await mkdir(join(root, ".node/lock"), { recursive: true })
    await writeFile(lock, "")
    const long = new Date(Date.now() - 60_000)
    await utimes(lock, long, long)
    const results = await Promise.all([run("1"), run("2"), run("3"), run("4")])
    assert.deepStrictEqual(results.map(({ code }) => code), [1, 2, 3, 4])
    assert.strictEqual(await calls(), "npm ci\n")
  })

  it("brings a Node to a machine whose own is too old, once", async () => {
    const { calls, root, run } = await project("old")
    const first = await run("3")
    assert.strictEqual(first.code, 3)
    assert.isTrue(first.node.startsWith(join(root, ".node")), first.node)
    assert.strictEqual((await run("0")).errors, "")
    assert.strictEqual(await calls(), "npm ci\nnpm ci\n")
  })

  it.for(["old", "new"] as const)("lets the program end in good order on a signal to it or to all (%s Node)", async (version) => {
    const { run, start } = await project(version)
    await run("0")
    for (const target of ["itself", "all", "all, twice"]) {
      const { child, end, speaks } = start("wait")
      await speaks
      const pid = Number(child.pid)
      process.kill(target === "itself" ? pid : -pid, "SIGTERM")
      if (target === "all, twice") process.kill(-pid, "SIGTERM")
      const { code, said } = await end()
      assert.deepStrictEqual([code, said[0]], [0, "told"], target)
    }
  })

  it.for(["old", "new"] as const)("ends by the signal that ended the program (%s Node)", async (version) => {
    const { run, start } = await project(version)
    await run("0")
    const { child, end, speaks } = start("wait")
    await speaks
    process.kill(Number(child.pid), "SIGINT")
    assert.strictEqual((await end()).signal, "SIGINT")
  })

  it("says what it can do", async () => {
    const { root } = await project()
    const child = spawn("node", [join(root, "scripts/run.mjs"), "nonsense"], { stdio: ["ignore", "ignore", "pipe"] })
    const [message] = await once(child.stderr, "data")
    const [code] = await once(child, "exit")
    assert.strictEqual(code, 1)
    assert.include(String(message), "start|cli|dev|repl|test")
  })
})
