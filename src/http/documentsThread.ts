import { HttpRouter } from "effect/http"
import { HttpApiScalar, OpenApi } from "effect/http-api"
import { createHash } from "node:crypto"
import { parentPort } from "node:worker_threads"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"
import { docsPath } from "./allowedMethods.ts"
import { Api } from "./Api.ts"

/*
 * Makes the documents of the API in a thread of its own, which ends afterwards: it takes a second
 * of processor time.
 */

/** The bytes of a document in each encoding, and a hash of what they say. */
export interface Encoded {
  readonly tag: string
  readonly identity: Uint8Array
  readonly gzip: Uint8Array
  readonly br: Uint8Array
}

/** The description of the API, and the page that shows it. */
export interface Documents {
  readonly page: Encoded
  readonly api: Encoded
}

const encoded = (bytes: Uint8Array): Encoded => ({
  tag: createHash("sha256").update(bytes).digest("base64url").slice(0, 27),
  identity: bytes,
  gzip: gzipSync(bytes),
  br: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
})

const scalar = { withDefaultFonts: false, telemetry: false }
const page = HttpApiScalar.layer(Api, { path: docsPath, scalar })
const { handler } = HttpRouter.toWebHandler(page, { disableLogger: true })
const answer = await handler(new Request(`http://localhost${docsPath}`))

parentPort?.postMessage(
  {
    page: encoded(new Uint8Array(await answer.arrayBuffer())),
    api: encoded(Buffer.from(JSON.stringify(OpenApi.fromApi(Api))))
  } satisfies Documents,
  []
)
