import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { homedir, userInfo } from "node:os"
import { join } from "node:path"
import { type ConnectionTarget, type NamedFile, type SslMode, tlsVersions } from "./ConnectionTarget.ts"
import { cutUrl, refused } from "./cutUrl.ts"
import { type Choice, type ChoiceOf, choices, type Free } from "./urlParameters.ts"

const wholeNumber = (text: string): number | undefined => /^-?\d{1,9}$/.test(text) ? Number(text) : undefined

/** A file of libpq in the home folder. */
const inHome = (name: string) => join(homedir(), ".postgresql", name)

/**
 * Reads a URL as libpq 18 reads it. It touches no file.
 *
 * It honours each parameter as libpq does, or fails with the reason: one sentence that names the
 * parameter and shows none of the URL's secrets.
 *
 * It differs from libpq in three points. It asks for a host, because libpq's default depends on how
 * it was built. A file that the URL names must be there in every mode. Environment variables,
 * password files and service files are not read.
 */
export const readTarget = (url: string): Result.Result<ConnectionTarget, string> => {
  if (url === "") return refused("it is empty; leave it out for the embedded PostgreSQL")
  const cutUp = cutUrl(url)
  if (Result.isFailure(cutUp)) return Result.fail(cutUp.failure)
  const parts = cutUp.success
  const text = (name: Free): string | undefined => {
    const value = parts.get(name)
    return value === "" ? undefined : value
  }

  for (const [name, { not, values }] of Object.entries(choices)) {
    const given = parts.get(name)
    if (given === undefined || (values as ReadonlyArray<string>).includes(given)) continue
    const reason = Object.hasOwn(not, given) ? (not as Readonly<Record<string, string>>)[given] : undefined
    return refused(
      reason === undefined
        ? `the value of ${name} is not one of ${values.join(", ")}`
        : `${name}=${given} is not supported: ${reason}`
    )
  }
  const choice = <Name extends Choice>(name: Name): ChoiceOf<Name> => (parts.get(name) ?? choices[name].byDefault) as ChoiceOf<Name>

  const port = text("port") ?? "5432"
  if (port.includes(",") || text("host")?.includes(",") === true || text("hostaddr")?.includes(",") === true) {
    return refused("it names several servers, and one is read; give a name or an address that leads to the primary")
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) return refused("its port is not a number from 1 to 65535")
  const address = text("hostaddr")
  const host = text("host") ?? address
  if (host === undefined) {
    return refused("it names no host; for a Unix socket give the folder of the socket: ?host=%2Fvar%2Frun%2Fpostgresql")
  }
  if (host.startsWith("@")) return refused("abstract Unix sockets are not supported")
  const connectSeconds = wholeNumber(text("connect_timeout") ?? "5")
  if (connectSeconds === undefined) return refused("connect_timeout is not a whole number of seconds")
  const idleSeconds = wholeNumber(text("keepalives_idle") ?? "0")
  if (idleSeconds === undefined) return refused("keepalives_idle is not a whole number of seconds")

  const rootCertificate = text("sslrootcert")
  const isSystem = rootCertificate === "system"
  const mode: SslMode = isSystem && !parts.has("sslmode") ? "verify-full" : choice("sslmode")
  if (isSystem && mode !== "verify-full") {
    return refused("sslrootcert=system asks for sslmode=verify-full: everybody can have a certificate of a public authority")
  }
  const negotiation = choice("sslnegotiation")
  if (negotiation === "direct" && (mode === "disable" || mode === "allow" || mode === "prefer")) {
    return refused("sslnegotiation=direct asks for sslmode=require, verify-ca or verify-full")
  }
  const minVersion = choice("ssl_min_protocol_version")
  const maxVersion = choice("ssl_max_protocol_version")
  if (tlsVersions.indexOf(minVersion) > tlsVersions.indexOf(maxVersion)) {
    return refused("ssl_min_protocol_version is above ssl_max_protocol_version")
  }
  const file = (parameter: Free, usual: string): NamedFile => {
    const path = text(parameter)
    return { path: path ?? inHome(usual), parameter, optional: path === undefined }
  }
  const secret = (name: Free): Redacted.Redacted | undefined => {
    const value = text(name)
    return value === undefined ? undefined : Redacted.make(value)
  }

  const user = text("user") ?? userInfo().username
  return Result.succeed({
    host,
    address,
    port: Number(port),
    user,
    password: secret("password"),
    database: text("dbname") ?? user,
    applicationName: text("application_name") ?? text("fallback_application_name") ?? "playtally",
    options: text("options"),
    connectSeconds: Math.max(0, connectSeconds),
    keepAlive: choice("keepalives") === "1" ? { idleSeconds: Math.max(0, idleSeconds) } : undefined,
    tls: {
      mode,
      negotiation,
      authorities: isSystem ? "system" : file("sslrootcert", "root.crt"),
      identity: choice("sslcertmode") === "disable"
        ? undefined
        : { certificate: file("sslcert", "postgresql.crt"), key: file("sslkey", "postgresql.key"), password: secret("sslpassword") },
      minVersion,
      maxVersion
    }
  })
}
