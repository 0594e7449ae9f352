import { tlsVersions } from "./ConnectionTarget.ts"

/** The parameters of libpq 18 that playtally refuses, each with the reason. */
export const unsupported: Readonly<Record<string, string>> = {
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
 * The parameters with a fixed set of values.
 *
 * `values` are honoured, `not` are refused with the reason, and `byDefault` is libpq's default.
 */
export const choices = {
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

/** The name of a parameter with a fixed set of values. */
export type Choice = keyof typeof choices
/** The values of such a parameter that are honoured. */
export type ChoiceOf<Name extends Choice> = (typeof choices)[Name]["values"][number]

/** The parameters that take any text. */
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
/** The name of a parameter that takes any text. */
export type Free = (typeof free)[number]

/** The names of the parameters that are honoured. */
export const honoured: ReadonlySet<string> = new Set([...free, ...Object.keys(choices)])
