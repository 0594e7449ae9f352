import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const script = fileURLToPath(new URL("../../scripts/audit.mjs", import.meta.url))

/** Runs the audit with an npm that writes this and ends with this code. */
const audit = (stdout: string, stderr = "", code = 1) => {
  const folder = mkdtempSync(join(tmpdir(), "audit-"))
  try {
    const npm = join(folder, "npm-cli.js")
    writeFileSync(
      npm,
      `process.stdout.write(${JSON.stringify(stdout)});process.stderr.write(${JSON.stringify(stderr)});process.exitCode=${code}`
    )
    const run = spawnSync("node", [script], { encoding: "utf8", env: { ...process.env, npm_execpath: npm } })
    return { status: run.status, stdout: run.stdout }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const found = (counts: object, vulnerabilities = {}) =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: counts } })

describe("the audit of the dependencies", () => {
  it.each(["high", "critical"])("fails on a finding of level %s and names it", (level) => {
    const { status, stdout } = audit(found({ [level]: 1, low: 2 }, { bad: { name: "bad", range: "<2", severity: level } }))
    assert.strictEqual(status, 1)
    assert.include(stdout, `${level}: bad <2`)
  })

  it("tells of lesser findings", () => {
    const { status, stdout } = audit(found({ high: 0, critical: 0, moderate: 1 }, { so: { name: "so", range: "*", severity: "moderate" } }))
    assert.strictEqual(status, 0)
    assert.include(stdout, "1 moderate")
  })

  it("says that there are none", () => {
    assert.deepStrictEqual(audit(found({ high: 0 }), "", 0), { status: 0, stdout: "No known vulnerabilities\n" })
  })

  it.each([
    [JSON.stringify({ error: { code: "ENOAUDIT" } }), "npm warn audit 405 Method Not Allowed - POST http://registry.invalid/x"],
    ["", "npm error code ENOTFOUND"],
    ["<html>", ""]
  ])("says so where it cannot be made: %s", (stdout, stderr) => {
    const result = audit(stdout, stderr)
    assert.strictEqual(result.status, 0)
    assert.match(result.stdout, /^NOT AUDITED: /)
    assert.notInclude(result.stdout, "registry.invalid")
  })
})
