import type * as Redacted from "effect/Redacted"

/** The values of libpq's `sslmode`. */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full"

/**
 * A file that the URL names, or the usual one of libpq in the home folder.
 *
 * The usual one is `optional`: it may be missing.
 */
export interface NamedFile {
  readonly path: string
  readonly parameter: string
  readonly optional: boolean
}

/** How a connection is encrypted, and what the server must prove. */
export interface TlsWish {
  readonly mode: SslMode
  readonly negotiation: "postgres" | "direct"
  /**
   * Where the authorities are that may have signed the server's certificate: in a file or in the
   * system.
   */
  readonly authorities: NamedFile | "system"
  /**
   * The certificate and key of this side. They are used if the file of the certificate is there.
   */
  readonly identity:
    | { readonly certificate: NamedFile; readonly key: NamedFile; readonly password: Redacted.Redacted | undefined }
    | undefined
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
}

/** The safe versions of TLS, the older one first. */
export const tlsVersions = ["TLSv1.2", "TLSv1.3"] as const
export type TlsVersion = (typeof tlsVersions)[number]

/** One server, and how to open a session there: what a URL of libpq says. */
export interface ConnectionTarget {
  /** A name or an address, or the folder of a Unix socket, which begins with a slash. */
  readonly host: string
  /** `hostaddr`: the address to connect to. `host` is then only the name in the certificate. */
  readonly address: string | undefined
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted | undefined
  readonly database: string
  readonly applicationName: string
  /** Settings of the session in the form of libpq's `options`: `-c geqo=off`. */
  readonly options: string | undefined
  /** Seconds in which a connection must open; 0 is no limit. */
  readonly connectSeconds: number
  /**
   * Seconds of silence after which TCP probes the other side; 0 is the system's own number.
   *
   * Undefined if TCP does not probe.
   */
  readonly keepAlive: { readonly idleSeconds: number } | undefined
  readonly tls: TlsWish
}

/** The file of the Unix socket; undefined for a target on TCP. */
export const socketPathOf = ({ host, port }: Pick<ConnectionTarget, "host" | "port">): string | undefined =>
  host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : undefined
