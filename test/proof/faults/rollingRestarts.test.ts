import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { mkdtemp, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../../../src/database/embedded/EmbeddedServer.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { removeFolder } from "../../support/removeFolder.ts"
import { startKeepAliveLoad } from "../../support/service/keepAliveLoad.ts"
import { request } from "../../support/service/sender.ts"
import { startService } from "../../support/service/ServiceProcess.ts"
import { until, untilEffect } from "../../support/time/until.ts"
import { notPossibleHere, scenario } from "./scenario.ts"

const hasNginx = spawnSync("nginx", ["-v"]).status === 0

/**
 * As nginx is usually set: connections to the upstream are kept, and a POST that was sent is never
 * sent to another process. It finds out by itself who is away.
 */
const configuration = (folder: string, port: number, upstreams: ReadonlyArray<number>) => `
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream playtally {
    ${upstreams.map((upstream) => `server 127.0.0.1:${upstream};`).join(" ")}
    keepalive 50;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://playtally;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
`

const isListening = (port: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = connect(port, "127.0.0.1")
    const end = (is: boolean) => {
      socket.destroy()
      resume(Effect.succeed(is))
    }
    socket.once("connect", () => end(true))
    socket.once("error", () => end(false))
  })

/** An nginx before the upstreams, until the scope closes; the port it listens on. */
const startNginx = Effect.fnUntraced(function*(upstreams: ReadonlyArray<number>) {
  const port = yield* Effect.promise(freePort)
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "playtally-nginx-"))),
    (folder) => Effect.promise(() => removeFolder(folder))
  )
  const file = join(folder, "nginx.conf")
  yield* Effect.promise(() => writeFile(file, configuration(folder, port, upstreams)))
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn("nginx", ["-c", file, "-p", folder], { stdio: "ignore" })),
    (nginx) =>
      Effect.callback<void>((resume) => {
        nginx.once("exit", () => resume(Effect.void))
        nginx.kill("SIGQUIT")
      })
  )
  yield* untilEffect(isListening(port))
  return port
})

const name = "rolling restarts of two processes behind nginx"
if (!hasNginx) notPossibleHere(name, "nginx is not installed")
else {
  scenario(name, 240, (told) =>
    Effect.gen(function*() {
      const ports = [yield* Effect.promise(freePort), yield* Effect.promise(freePort)]
      // The default, for what is no terminal: a balancer of this kind does not ask for the
      // readiness.
      const settings = (port: number) => ({ PORT: String(port), DRAIN_SECONDS: "5" })
      let services = yield* Effect.all(ports.map((port) => startService(settings(port))), { concurrency: 2 })
      const load = yield* startKeepAliveLoad({ port: yield* startNginx(ports), clients: 50 })
      for (let round = 0; round < 2; round++) {
        for (const [nth, port] of ports.entries()) {
          const before = load.answered()
          yield* until(() => load.answered() > before + 500)
          const service = services[nth]
          if (service === undefined) throw new Error("There is one for each port")
          yield* service.signal("SIGTERM")
          assert.deepStrictEqual(yield* service.ended, { code: 0, signal: null }, service.stderr())
          const next = yield* startService(settings(port))
          services = services.with(nth, next)
          // nginx takes a process that has refused it for away for ten seconds: only then may the
          // other one go.
          yield* untilEffect(Effect.map(request(`${next.url}/metrics`), ({ text }) =>
            [...text.matchAll(/^playtally_events_total\{outcome="accepted",\S* (\d+)$/gm)].some(([, events]) =>
              Number(events) > 50
            )))
        }
      }
      const before = load.answered()
      yield* until(() =>
        load.answered() > before + 500
      )
      const { answered, failures, refused } = yield* load.finish
      told.tell(`${answered} requests answered, ${failures.length} lost`)
      assert.deepStrictEqual([failures, refused], [[], 0])
    }).pipe(Effect.provide(TestDatabase.layer)))
}
