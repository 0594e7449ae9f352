// Asks the npm registry about known vulnerabilities of what package-lock.json names: fails on any of level high or critical, tells of the others, and says
// so where the registry cannot be asked (behind a proxy that does not pass it on, say). Usage: node scripts/audit.mjs
import { spawnSync } from "node:child_process"

const cli = process.env.npm_execpath
const [file, ...args] = cli !== undefined && /\.c?js$/.test(cli) ? [process.execPath, cli] : ["npm"]
const { error, stderr, stdout } = spawnSync(file, [...args, "audit", "--json", "--no-update-notifier"], {
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
  timeout: 60_000
})

const say = (line) => process.stdout.write(`${line}\n`)

/** What npm found, or nothing where it got no answer; then it writes an error, or what is no JSON. */
const read = () => {
  try {
    const { metadata, vulnerabilities } = JSON.parse(stdout)
    return metadata?.vulnerabilities === undefined ? undefined : { counts: metadata.vulnerabilities, vulnerabilities }
  } catch {
    return undefined
  }
}

const report = read()
if (report === undefined) {
  const why = error?.message ?? stderr?.split("\n").find((line) => /audit|network|ENOTFOUND|ECONN|ETIMEDOUT/.test(line))
  say(
    `NOT AUDITED: the registry does not answer to npm audit here${
      why === undefined ? "" : ` (${why.replace(/https?:\S+/g, "its address")})`
    }`
  )
} else {
  const { counts, vulnerabilities } = report
  const levels = ["critical", "high", "moderate", "low", "info"].filter((level) => counts[level] > 0)
  say(
    levels.length === 0
      ? "No known vulnerabilities"
      : `Known vulnerabilities: ${levels.map((level) => `${counts[level]} ${level}`).join(", ")}`
  )
  for (const { name, range, severity } of Object.values(vulnerabilities ?? {})) say(`  ${severity}: ${name} ${range}`)
  if (counts.critical > 0 || counts.high > 0) process.exit(1)
}
