import * as Result from "effect/Result"
import { type ConnectionTarget, socketPathOf } from "../src/database/ConnectionTarget.ts"
import { readTarget } from "../src/database/readTarget.ts"

/*
 * Prints what Deno has to allow for the databases of the settings, as JSON: addresses, and files
 * that are read and written. A URL that cannot be used is said in one line, and the exit code is 1.
 * `scripts/run.mjs` asks, which older Nodes read and so cannot import this.
 */

/** Of one database. */
const permissionsOf = (target: ConnectionTarget) => {
  const path = socketPathOf(target)
  if (path !== undefined) return { net: [`unix:${path}`], read: [path], write: [path] }
  const { address, host, port, tls: { authorities, identity } } = target
  const to = address ?? host
  return {
    net: [`${to.includes(":") ? `[${to}]` : to}:${port}`],
    read: [
      ...authorities === "system" ? [] : [authorities.path],
      ...identity === undefined ? [] : [identity.certificate.path, identity.key.path]
    ],
    write: []
  }
}

const all = ["DATABASE_URL", "DATABASE_DIRECT_URL"].flatMap((setting) => {
  const url = process.env[setting]
  if (url === undefined) return []
  return [Result.match(readTarget(url), {
    onSuccess: permissionsOf,
    onFailure: (reason) => {
      process.stderr.write(`playtally: ${setting} cannot be used: ${reason}.\n`)
      process.exit(1)
    }
  })]
})
process.stdout.write(JSON.stringify({
  net: all.flatMap(({ net }) => net),
  read: all.flatMap(({ read }) => read),
  write: all.flatMap(({ write }) => write)
}))
