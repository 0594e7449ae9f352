import { PgConnection } from "@effect/sql-pg"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Chromium, whyNoBrowser } from "../support/browser/Chromium.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { post } from "../support/service/sender.ts"
import { checkPage, operatorPage, SharedConsole, tenantPage } from "./ConsoleUnderTest.ts"

const login = (user: string, id: string, timestamp: unknown = "2026-01-31T12:00:00Z") => ({
  event: "realtime-login",
  data: { user_id: user, unique_id: id, timestamp }
})

const evil = "<script>alert('1')</script>"

describe.skipIf(whyNoBrowser !== undefined)("the rejected items in the console", () => {
  layer(Layer.mergeAll(Layer.provideMerge(SharedConsole.layer, TestDatabase.layer), Chromium.layer), { excludeTestServices: true })(
    (it) => {
      it.effect("are shown by reason, each with its content, and are replayed by who may", () =>
        Effect.gen(function*() {
          const { url } = yield* SharedConsole
          const sql = yield* PgConnection.make({ url: (yield* TestDatabase).url })
          const opened = yield* tenantPage(url)
          const { page } = opened
          const run = <A>(step: () => Promise<A>) => Effect.promise(step)
          const open = (path: string) => run(() => page.goto(`${url}/console/t/demo/rejected${path}`))
          const rows = run(() => page.locator("tbody tr").count())

          yield* open("")
          assert.include(yield* run(() => page.locator("main").innerText()), "Nothing is kept")
          const sent = yield* post(
            url,
            JSON.stringify({
              items: [
                login("player-1", "there"),
                login(evil, "no-time", "yesterday"),
                ...Array.from({ length: 55 }, (_, nth) => login("player-2", `late-${nth}`, `never ${nth}`))
              ]
            })
          )
          assert.strictEqual(sent.status, 200)
          yield* post(url, JSON.stringify({ items: [login("player-1", "there", "2026-02-01T12:00:00Z")] }))
          // One that a service before this one did not take.
          const good = JSON.stringify(login("player-3", "good"))
          yield* sql.query(
            `insert into rejected_events (tenant_id, reason, item_hash, item, truncated, issues)
          select tenant_id, 'invalid', sha256($1::text::bytea), $1::text, false, '[{"path":["data"],"message":"not yet"}]' from tenants where name = 'demo'`,
            [good],
            false
          )

          yield* open("")
          assert.strictEqual(yield* rows, 50)
          yield* checkPage(opened, "rejected")
          yield* run(() => page.getByRole("link", { name: "Older" }).click())
          yield* run(() => page.waitForURL(/instant=/))
          assert.strictEqual(yield* rows, 8)
          yield* run(() => page.getByRole("link", { name: /same id, other content 1/ }).click())
          yield* run(() => page.waitForURL(/reason=idempotency_conflict$/))
          assert.strictEqual(yield* rows, 1)
          yield* open("?reason=invalid")
          // Items of one request were refused at one instant, so it is on either page.
          const item = page.getByRole("row", { name: "no-time" }).getByRole("link")
          yield* run(async () => {
            if (await item.count() === 0) await page.getByRole("link", { name: "Older" }).click()
            await item.click()
          })
          yield* run(() => page.getByRole("heading", { name: "The item" }).waitFor())
          assert.include(yield* run(() => page.locator("pre").innerText()), evil)
          yield* checkPage(opened, "rejected-item")

          // It is refused again, and stays.
          const replay = Effect.fnUntraced(function*(does: string) {
            yield* run(() => page.getByText(`${does}…`, { exact: true }).click())
            yield* run(() => page.getByLabel("Type demo to confirm").fill("demo"))
            yield* run(() => page.getByRole("button", { name: does, exact: true }).click())
            yield* run(() => page.getByText("Refused again").waitFor())
            return yield* run(() => page.locator(".card .figure").allInnerTexts())
          })
          assert.deepStrictEqual(yield* replay("Replay it"), ["0", "0", "1", "0"])
          yield* open("?reason=invalid")
          assert.deepStrictEqual(yield* replay("Replay all invalid"), ["1", "0", "56", "0"])
          yield* checkPage(opened, "replayed")
          const kept = yield* sql.query(`select count(*)::int as items from rejected_events where reason = 'invalid'`, [], false)
          assert.deepStrictEqual(kept.rows, [{ items: 56 }])

          const operator = yield* operatorPage(url)
          yield* run(() => operator.page.goto(`${url}/console/audit`))
          assert.deepStrictEqual(yield* run(() => operator.page.locator("tbody tr td:nth-child(3)").allInnerTexts()), [
            "replay rejected",
            "replay rejected"
          ])

          // Who may read sees them, and changes nothing. Another tenant sees nothing.
          yield* run(() => operator.page.goto(`${url}/console/tenants/demo`))
          yield* run(() => operator.page.getByLabel("Name").fill("reader"))
          yield* run(() => operator.page.getByLabel("read", { exact: true }).check())
          yield* run(() => operator.page.getByRole("button", { name: "Make the key" }).click())
          const reader = yield* tenantPage(url, yield* run(() => operator.page.locator(".secret").innerText()))
          yield* run(() => reader.page.goto(`${url}/console/t/demo/rejected`))
          assert.strictEqual(yield* run(() => reader.page.getByText("Replay all").count()), 0)
          const csrf = yield* run(() => reader.page.locator("input[name=csrf]").first().inputValue())
          const statusOf = (path: string, form: Readonly<Record<string, string>>) =>
            run(async () => (await reader.page.request.post(`${url}/console/t/${path}`, { form, headers: { origin: url } })).status())
          assert.strictEqual(yield* statusOf("demo/rejected/replay", { csrf, confirm: "demo" }), 403)
          assert.strictEqual(yield* statusOf("demo/rejected/replay", { csrf: "guessed", confirm: "demo" }), 403)
          assert.strictEqual(yield* statusOf("other/rejected/replay", { csrf, confirm: "other" }), 404)
        }).pipe(Effect.scoped), 120_000)
    }
  )
})
