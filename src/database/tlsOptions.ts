import * as Redacted from "effect/Redacted"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFileSync, statSync } from "node:fs"
import { isIP } from "node:net"
import { type ConnectionOptions, createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from "node:tls"
import type { ConnectionTarget, NamedFile } from "./ConnectionTarget.ts"

const isMissing = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")

const failed = ({ parameter, path }: NamedFile, cause: unknown): Error =>
  new Error(`The file of ${parameter}, ${path}, cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`)

/** The certificates of a file; undefined if an optional file is missing. */
const readCertificates = (file: NamedFile): string | undefined => {
  try {
    const text = readFileSync(file.path, "utf8")
    // Deno takes a file with anything else in it for a file without certificates.
    const { raw } = new X509Certificate(text)
    return raw.length > 0 ? text : undefined
  } catch (cause) {
    if (file.optional && isMissing(cause)) return undefined
    throw failed(file, cause)
  }
}

/**
 * A private key that nobody else may read.
 *
 * As libpq has it, a file of root may be readable for its group. The key is unlocked here, because
 * Deno shows no certificate at all if the password is wrong.
 */
const readKey = (file: NamedFile, password: Redacted.Redacted | undefined): string => {
  try {
    const { mode, uid } = statSync(file.path)
    if (process.platform !== "win32" && (mode & (uid === 0 ? 0o027 : 0o077)) !== 0) {
      throw new Error("others may read it; chmod 600 mends it")
    }
    const key = readFileSync(file.path, "utf8")
    return createPrivateKey({ key, ...password === undefined ? {} : { passphrase: Redacted.value(password) } })
      .export({ type: "pkcs8", format: "pem" })
      .toString()
  } catch (cause) {
    throw failed(file, cause)
  }
}

/**
 * The last context with the system's authorities, kept because Node reads them in a tenth of a
 * second.
 */
let kept: { readonly identity: string; readonly context: SecureContext } | undefined

const systemContext = (options: SecureContextOptions): SecureContext => {
  const identity = JSON.stringify(options)
  if (kept?.identity !== identity) {
    const system = getCACertificates("system")
    // If the system has no list, the list of the runtime applies.
    kept = { identity, context: createSecureContext(system.length === 0 ? options : { ...options, ca: [...system] }) }
  }
  return kept.context
}

/**
 * The options of a TLS connection to a target.
 *
 * As libpq does, it verifies the chain of the server's certificate wherever it has authorities, and
 * the server's name with `verify-full` only. It reads the files for each connection, so a renewed
 * file needs no restart. It throws an Error with one sentence if a file cannot be used.
 */
export const tlsOptions = ({ host, tls }: ConnectionTarget): ConnectionOptions => {
  const { authorities, identity, maxVersion, minVersion, mode } = tls
  const ca = authorities === "system" ? undefined : readCertificates(authorities)
  if ((mode === "verify-ca" || mode === "verify-full") && authorities !== "system" && ca === undefined) {
    throw new Error(
      `sslmode=${mode} needs authorities to trust, and there is no ${authorities.path}; give sslrootcert=FILE or sslrootcert=system`
    )
  }
  const cert = identity === undefined ? undefined : readCertificates(identity.certificate)
  const own = {
    minVersion,
    maxVersion,
    ...identity === undefined || cert === undefined ? {} : { cert, key: readKey(identity.key, identity.password) }
  }
  return {
    host,
    ...isIP(host) === 0 ? { servername: host } : {},
    ALPNProtocols: ["postgresql"],
    ...authorities === "system" ? { secureContext: systemContext(own) } : { ...own, ...ca === undefined ? {} : { ca } },
    rejectUnauthorized: authorities === "system" || ca !== undefined,
    ...mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }
  }
}
