import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Worker } from "node:worker_threads"
import { docsPath, openApiPath } from "./allowedMethods.ts"
import { isKnown } from "./answers/conditionalJson.ts"
import { encodingOf } from "./answers/encodingOf.ts"
import type { Documents } from "./documentsThread.ts"

const make = Effect.callback<Documents>((resume) => {
  const thread = new Worker(new URL("./documentsThread.ts", import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 512 } })
  thread.once("message", (documents: Documents) => resume(Effect.succeed(documents)))
  thread.once("error", (cause) => resume(Effect.die(cause)))
  thread.once("exit", (code) => resume(Effect.die(new Error(`The thread that makes the documents ended with ${code}`))))
  return Effect.promise(() => thread.terminate())
})

const pageHeaders = {
  // The page has all it needs: the browser lets it load nothing from elsewhere, and lets no other
  // page frame it.
  "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; base-uri 'none'; frame-ancestors 'none'"
}

/**
 * Serves `/docs` and `/openapi.json`.
 *
 * The first request has them made and compressed, once. There is one copy of each encoding.
 */
export const documents = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const scope = yield* Effect.scope
  let making: Fiber.Fiber<Documents> | undefined
  const made = Effect.suspend(() => {
    const exit = making?.pollUnsafe()
    // The making goes on if the client that asked goes away. A failed one is tried again.
    return making !== undefined && (exit === undefined || Exit.isSuccess(exit))
      ? Fiber.join(making)
      : Effect.flatMap(Effect.forkIn(make, scope), (fiber) => Fiber.join(making = fiber))
  })

  const serve = (document: keyof Documents, contentType: string, headers: Readonly<Record<string, string>>) =>
    Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const { [document]: encoded } = yield* made
      const encoding = encodingOf(request.headers["accept-encoding"])
      const etag = `"${encoded.tag}${encoding === "identity" ? "" : `-${encoding}`}"`
      const all = { ...headers, etag, "cache-control": "no-cache", vary: "Accept-Encoding" }
      return isKnown(request.headers["if-none-match"], etag)
        ? HttpServerResponse.empty({ status: 304, headers: all })
        : HttpServerResponse.uint8Array(encoded[encoding], {
          contentType,
          headers: encoding === "identity" ? all : { ...all, "content-encoding": encoding }
        })
    })

  yield* router.add("GET", docsPath, serve("page", "text/html; charset=utf-8", pageHeaders))
  yield* router.add("GET", openApiPath, serve("api", "application/json", {}))
}))
