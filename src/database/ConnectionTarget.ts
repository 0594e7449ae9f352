import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { homedir, userInfo } from "node:os"
import { join } from "node:path"

/** What libpq calls `sslmode`. */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full"

/**
 * A file that the URL names, or the one that libpq looks for in the home folder, which may be
 * missing.
 */
export interface NamedFile {
  readonly path: string
  readonly parameter: string
  readonly optional: boolean
}

/** How a connection is encrypted, and what the server has to prove. */
export interface TlsWish {
  readonly mode: SslMode
  readonly negotiation: "postgres" | "direct"
  /**
   * The authorities that the server's certificate has to come from: those of a file, or of the
   * system.
   */
  readonly authorities: NamedFile | "system"
  /** The certificate that this side shows if it is there, with its key. */
  readonly identity:
    | { readonly certificate: NamedFile; readonly key: NamedFile; readonly password: Redacted.Redacted | undefined }
    | undefined
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
}

const tlsVersions = ["TLSv1.2", "TLSv1.3"] as const
export type TlsVersion = (typeof tlsVersions)[number]

/** One server and how to begin a session there: what a URL of libpq says. */
export interface ConnectionTarget {
  /** A name or an address; or the folder of a Unix socket, which begins with a slash. */
  readonly host: string
  /**
   * `hostaddr`: the address to go to, where `host` is only the name that a certificate has to have.
   */
  readonly address: string | undefined
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted | undefined
  readonly database: string
  readonly applicationName: string
  /** Settings of the session as libpq's `options` has them: `-c geqo=off`. */
  readonly options: string | undefined
  /** The seconds until a connection has to be there; 0 for no limit. */
  readonly connectSeconds: number
  /**
   * The seconds without a word after which TCP asks whether the other side is there; 0 for the
   * system's own number.
   */
  readonly keepAlive: { readonly idleSeconds: number } | undefined
  readonly tls: TlsWish
}

/** The file of a Unix socket, if the target is one. */
export const socketPathOf = ({ host, port }: Pick<ConnectionTarget, "host" | "port">): string | undefined =>
  host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : undefined

/** Why a URL is not honoured, in one sentence that has no value of the URL in it. */
type Refused = Result.Result<never, string>
const refused = (sentence: string): Refused => Result.fail(sentence)

/** What libpq 18 knows and playtally cannot do, with the reason. */
const unsupported: Readonly<Record<string, string>> = {
  gsslib: "GSSAPI is not supported",
  gssdelegation: "GSSAPI is not supported",
  keepalives_count: "the runtime sets the number of TCP probes itself",
  keepalives_interval: "the runtime sets the time between TCP probes itself",
  krbsrvname: "Kerberos is not supported",
  load_balance_hosts: "one server is read",
  max_protocol_version: "the protocol is always 3.0",
  min_protocol_version: "the protocol is always 3.0",
  oauth_client_id: "OAuth is not supported",
  oauth_client_secret: "OAuth is not supported",
  oauth_issuer: "OAuth is not supported",
  oauth_scope: "OAuth is not supported",
  passfile: "password files are not read",
  replication: "playtally is no replication client",
  require_auth: "the driver takes the way to authenticate that the server asks for",
  requirepeer: "the owner of a Unix socket is not looked up",
  scram_client_key: "SCRAM keys are not supported, give the password",
  scram_server_key: "SCRAM keys are not supported, give the password",
  service: "service files are not read",
  servicefile: "service files are not read",
  sslcrl: "revocation lists are not read",
  sslcrldir: "revocation lists are not read",
  sslkeylogfile: "keys of TLS sessions are not written to a file",
  tcp_user_timeout: "the runtime cannot set it; a silent server is given up after 6 to 35 seconds anyway"
}

/**
 * The parameters that can have but some values: those that are honoured, those that are not with
 * the reason, and libpq's default.
 */
const choices = {
  sslmode: { values: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"], not: {}, byDefault: "prefer" },
  sslnegotiation: { values: ["postgres", "direct"], not: {}, byDefault: "postgres" },
  sslcertmode: {
    values: ["disable", "allow"],
    not: { require: "the runtime does not tell whether the server asked for a certificate" },
    byDefault: "allow"
  },
  sslcompression: { values: ["0"], not: { 1: "compressed TLS is not safe, and current servers refuse it" }, byDefault: "0" },
  sslsni: { values: ["1"], not: { 0: "the server's name is always sent" }, byDefault: "1" },
  ssl_min_protocol_version: { values: tlsVersions, not: { TLSv1: "it is not safe", "TLSv1.1": "it is not safe" }, byDefault: "TLSv1.2" },
  ssl_max_protocol_version: { values: tlsVersions, not: { TLSv1: "it is not safe", "TLSv1.1": "it is not safe" }, byDefault: "TLSv1.3" },
  channel_binding: {
    values: ["disable", "prefer"],
    not: { require: "the driver does not bind SCRAM to the TLS channel; sslmode=verify-full proves who the server is" },
    byDefault: "prefer"
  },
  gssencmode: { values: ["disable", "prefer"], not: { require: "GSSAPI is not supported" }, byDefault: "disable" },
  keepalives: { values: ["0", "1"], not: {}, byDefault: "1" },
  client_encoding: { values: ["UTF8", "UTF-8", "utf8", "utf-8", "auto"], not: {}, byDefault: "UTF8" },
  target_session_attrs: {
    values: ["any"],
    not: Object.fromEntries(
      ["read-write", "read-only", "primary", "standby", "prefer-standby"].map((value) => [
        value,
        "one server is read; give a name or an address that leads to the primary"
      ])
    ),
    byDefault: "any"
  }
} as const satisfies Readonly<
  Record<string, { readonly values: ReadonlyArray<string>; readonly not: Readonly<Record<string, string>>; readonly byDefault: string }>
>

type Choice = keyof typeof choices
type ChoiceOf<Name extends Choice> = (typeof choices)[Name]["values"][number]

const free = [
  "host",
  "hostaddr",
  "port",
  "dbname",
  "user",
  "password",
  "application_name",
  "fallback_application_name",
  "options",
  "connect_timeout",
  "keepalives_idle",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "sslpassword"
] as const
type Free = (typeof free)[number]

const known: ReadonlySet<string> = new Set([...free, ...Object.keys(choices)])

/**
 * What stands in a part of the URL, decoded; undefined if its percent signs say nothing. No plus
 * sign is a space here.
 */
const decode = (text: string): string | undefined => {
  try {
    const decoded = decodeURIComponent(text)
    return decoded.includes("\0") ? undefined : decoded
  } catch {
    return undefined
  }
}

const badPercent = (part: string) =>
  refused(`the ${part} has a percent sign that is not followed by two digits of a character in UTF-8; a percent sign itself is written %25`)

/**
 * The parts of a URL, as libpq cuts it: the user ends at the first colon, the password at the first
 * at sign, unless a slash comes before. Whatever an RFC's parser says of a number sign or a
 * question mark in a password is of no matter.
 */
const cut = (url: string): Result.Result<ReadonlyMap<string, string>, string> => {
  const scheme = /^postgres(?:ql)?:\/\//.exec(url)
  if (scheme === null) {
    return refused("it is not a URL that begins with postgres:// or postgresql://; strings such as \"host=… password=…\" are not read")
  }
  if (/\s/.test(url)) return refused("it has white space in it or at its end; a space is written %20")
  let rest = url.slice(scheme[0].length)
  const parts = new Map<string, string>()
  const put = (name: string, text: string): boolean => {
    const decoded = decode(text)
    if (decoded !== undefined) parts.set(name, decoded)
    return decoded !== undefined
  }

  const credentials = /^([^@/]*)@/.exec(rest)
  if (credentials?.[1] !== undefined) {
    const [, user = "", password] = /^([^:]*)(?::(.*))?$/.exec(credentials[1]) ?? []
    if (user !== "" && !put("user", user)) return badPercent("user")
    if (password !== undefined && password !== "" && !put("password", password)) return badPercent("password")
    rest = rest.slice(credentials[0].length)
  }

  const [authority = ""] = /^[^/?]*/.exec(rest) ?? []
  const unfinished = "a slash in a user or password is written %2F, and an at sign %40"
  if (authority.includes(",")) {
    return refused("it names several servers, and one is read; give a name or an address that leads to the primary")
  }
  const address = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(authority)
  if (address === null) return refused(`its host cannot be read; an IPv6 address stands in brackets, ${unfinished}`)
  const [, bracketed, plain = "", port] = address
  if (bracketed === "") return refused("there is no address between its brackets")
  if (!put("host", bracketed ?? plain)) return badPercent("host")
  if (port !== undefined && port !== "") {
    if (!/^\d{1,5}$/.test(port)) return refused(`its port is not a number from 1 to 65535; ${unfinished}`)
    parts.set("port", port)
  }
  rest = rest.slice(authority.length)

  const [, database = "", query = ""] = /^(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? []
  if (database !== "" && !put("dbname", database)) return badPercent("database")
  for (const pair of query === "" ? [] : query.split("&")) {
    const [, name, value] = /^([^=]*)=([^=]*)$/.exec(pair) ?? []
    if (name === undefined || value === undefined || name === "") {
      return refused("its parameters are not of the form name=value with & between them; an = in a value is written %3D, and an & %26")
    }
    if (name === "ssl") {
      if (value !== "true") return refused("the parameter ssl has one value, true, which is short for sslmode=require")
      parts.set("sslmode", "require")
      continue
    }
    const reason = Object.hasOwn(unsupported, name) ? unsupported[name] : undefined
    if (reason !== undefined) return refused(`the parameter ${name} is not supported: ${reason}`)
    if (!known.has(name)) {
      // What looks like a name may be the rest of a password with a slash and a question mark in
      // it.
      return refused(`${/^[a-z_]+$/.test(name) && !query.includes("@") ? `the parameter ${name}` : "one of its parameters"} is unknown`)
    }
    if (!put(name, value)) return badPercent(`parameter ${name}`)
  }
  return Result.succeed(parts)
}

const wholeNumber = (text: string): number | undefined => /^-?\d{1,9}$/.test(text) ? Number(text) : undefined

/** The file of libpq in the home folder. */
const inHome = (name: string) => join(homedir(), ".postgresql", name)

/**
 * Reads a URL as libpq 18 reads it. Each of its parameters is honoured as libpq does it, or the
 * answer is the reason why it is not: one sentence that names the parameter and shows none of the
 * URL's secrets. Touches no file.
 *
 * Other than libpq: without a host it asks for one, as libpq's depends on how it was built; a file
 * that the URL names has to be there in every mode; and no environment variable, password file or
 * service file has a say.
 */
export const readTarget = (url: string): Result.Result<ConnectionTarget, string> => {
  if (url === "") return refused("it is empty; leave it out for the embedded PostgreSQL")
  const cutUp = cut(url)
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
