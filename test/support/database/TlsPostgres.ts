import * as Effect from "effect/Effect"
import { appendFile, chmod, copyFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ownPostgres, serverFolder } from "../../proof/faults/OwnPostgres.ts"

/** A certificate or key for tests. */
export const certificate = (name: string): string => fileURLToPath(new URL(`certificates/${name}`, import.meta.url))

const hba = `
local     all       all               scram-sha-256
hostssl   encrypted all 127.0.0.1/32  scram-sha-256
hostnossl plain     all 127.0.0.1/32  scram-sha-256
hostssl   known     all 127.0.0.1/32  cert
host      postgres  all 127.0.0.1/32  scram-sha-256
`

/**
 * A PostgreSQL with TLS and a certificate for "localhost". Its database `postgres` takes every
 * connection, `encrypted` those with TLS, `plain` those without, and `known` those that show a
 * certificate of the role `postgres`.
 */
export const tlsPostgres = Effect.gen(function*() {
  const folder = yield* serverFolder
  return yield* ownPostgres(join(folder, "data"), async ({ account, data }) => {
    for (const name of ["server.crt", "server.key", "authority.crt"]) {
      const file = join(data, name)
      await copyFile(certificate(name), file)
      await chmod(file, 0o600)
      await account.own(file)
    }
    await writeFile(join(data, "pg_hba.conf"), hba)
    await appendFile(
      join(data, "postgresql.conf"),
      "\nssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nssl_ca_file = 'authority.crt'\n"
    )
  })
})
