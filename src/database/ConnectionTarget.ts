import type * as Redacted from "effect/Redacted"

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

/** The versions of TLS that are safe, the older one first. */
export const tlsVersions = ["TLSv1.2", "TLSv1.3"] as const
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
