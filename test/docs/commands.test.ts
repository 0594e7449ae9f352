import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { pageCommands } from "../support/pages/pageCommands.ts"
import { printsAsShown } from "../support/pages/printsAsShown.ts"
import { ServiceOfPages, whyNoCommands } from "../support/pages/ServiceOfPages.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const commandsOf = (page: string) => pageCommands(page, readFileSync(join(root, page), "utf8"))

/** The pages whose commands are run, in this order, on one service. */
const pages = ["README.md", "docs/api.md", "docs/engine.md", "docs/sender.md", "docs/operations.md"]

/** Pages with commands that are not run here, and why. */
const notRun: Readonly<Record<string, string>> = {
  "CONTRIBUTING.md": "the suite itself",
  "deploy/README.md": "containers and clusters: test/deploy reads their files",
  "docs/adding-an-event-kind.md": "the suite itself",
  "docs/cluster.md": "several servers",
  "docs/erasing-a-user.md": "tenants of the reader's own",
  "docs/faults.md": "the suite itself",
  "docs/partitions.md": "several servers",
  "docs/performance.md": "measurements",
  "docs/projections.md": "test/cli/projections tells the same story",
  "docs/rejected-items.md": "tenants of the reader's own",
  "docs/testing.md": "the suite itself",
  "docs/time-zones.md": "tenants of the reader's own",
  "test/README.md": "the suite itself"
}

/** `npm run test:docs` runs everything, which takes a minute. The suite leaves the commands out. */
const isWhole = process.env["DOCS"] === "all"
const isSlow = (command: string) => /\bnpm run\b/.test(command)

const left = pages.flatMap(commandsOf).filter(({ command }) => isSlow(command) && !isWhole).length
if (left > 0) process.stderr.write(`${left} commands of the pages are left to npm run test:docs.\n`)
if (whyNoCommands !== undefined) process.stderr.write(`SKIPPED: the commands of the pages, as ${whyNoCommands}.\n`)

describe.skipIf(whyNoCommands !== undefined)("the commands", () => {
  layer(ServiceOfPages.layer, { excludeTestServices: true, timeout: 120_000 })((it) => {
    for (const page of pages) {
      it.effect(`of ${page} print what the page shows`, () =>
        Effect.gen(function*() {
          const { greeting, terminal } = yield* ServiceOfPages
          const { run } = yield* terminal
          const wrong: Array<string> = []
          let count = 0
          for (const one of commandsOf(page)) {
            if (isSlow(one.command) && !isWhole) continue
            const printed = one.command === "npm start" ? greeting : yield* run(one)
            count++
            if (one.shown !== undefined && !printsAsShown(one, printed)) {
              wrong.push(`${one.at}\n${one.command}\n--- shown\n${one.shown}\n--- printed\n${printed.trim()}`)
            }
            if (/command not found|: not found|Usage: /.test(printed)) wrong.push(`${one.at}\n${one.command}\n${printed}`)
          }
          assert.strictEqual(wrong.join("\n\n"), "")
          assert.isAbove(count, 0)
        }), 600_000)
    }
  })
})

describe("a page with commands", () => {
  it("is run, or it is known why not", () => {
    const folders = [".", "docs", "client", "deploy", "test"]
    const found = folders.flatMap((folder) =>
      readdirSync(join(root, folder)).filter((name) => name.endsWith(".md")).map((name) => folder === "." ? name : `${folder}/${name}`)
    ).filter((page) => commandsOf(page).length > 0 && !pages.includes(page))
    assert.deepStrictEqual(found.toSorted(), Object.keys(notRun).toSorted())
  })

  it("shows what is printed, but for `…` and what it says varies", () => {
    const prints = (shown: string, printed: string, ...varies: ReadonlyArray<string>) => printsAsShown({ shown, varies }, printed)
    assert.isTrue(prints("a\n…\nd", "a\nb\nc\nd\n"))
    assert.isTrue(prints("…\na\n…\nd\n…", "a\nd\n"))
    assert.isFalse(prints("a\n…", "ab\n"))
    assert.isTrue(prints("… ,\"ggr\":\"2.5\", …", "{\"a\":1,\"ggr\":\"2.5\",\"b\":2}"))
    assert.isFalse(prints("… ,\"ggr\":\"2.5\", …", "{\"a\":1,\"ggr\":\"2.50\",\"b\":2}"))
    assert.isFalse(prints("a", "a\nb"))
    assert.isFalse(prints("a.c", "abc"))
    assert.isTrue(prints("{\n  \"a\": 1\n}", "{\"a\":1}"))
    assert.isFalse(prints("sent 1,200 items", "sent 7 items"))
    assert.isTrue(prints("sent 1,200 items", "sent  7 items", "numbers"))
    assert.isTrue(prints("at 2026-11-28T10:00:00.000Z", "at 2027-01-01T00:00:00.123Z", "times"))
    assert.throws(() => prints("a", "a", "letters"), "letters")
  })

  it("has its output under the commands, before the next heading", () => {
    const page =
      "```sh\na\n```\n\nprints\n\n<!-- varies: times, ids -->\n\n```\nb\n```\n\n```sh\nc\n```\n\n## Next\n\n```\nd\n```\n\n```console\ne\n```\n"
    assert.deepStrictEqual(pageCommands("p.md", page), [
      { at: "p.md:1", command: "a", shown: "b", varies: ["times", "ids"] },
      { at: "p.md:13", command: "c", shown: undefined, varies: [] }
    ])
  })
})
