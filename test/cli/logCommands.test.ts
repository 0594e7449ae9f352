import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { dirname } from "node:path"
import { unfinishedImport } from "../../src/event-log/unfinishedImport.ts"
import { testSql } from "../support/database/TestSql.ts"
import { fileOf, sampleLog } from "../support/events/sampleLog.ts"
import { startProgram } from "../support/service/program.ts"
import { untilEffect } from "../support/time/until.ts"
import { type CommandResult, runCommand, testSettings } from "./runCommand.ts"

const run = (...args: ReadonlyArray<string>) => Effect.flatMap(testSettings, (settings) => runCommand(args, settings))
const succeed = (...args: ReadonlyArray<string>) =>
  Effect.tap(run(...args), (result) => Effect.sync(() => assert.strictEqual(result.code, 0, result.stderr)))

const assertRefused = ({ code, reported, stderr, stdout }: CommandResult, message: RegExp) => {
  assert.deepStrictEqual([code, reported, stdout], [1, false, ""])
  assert.match(stderr, message)
  assert.notInclude(stderr, "\n")
}

const unfinished = Effect.map(Effect.flatMap(PgClient.PgClient, unfinishedImport), Option.getOrUndefined)
const folder = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())

layer(Layer.mergeAll(testSql, NodeServices.layer), { excludeTestServices: true })("commands that move the log", (it) => {
  it.effect("bring a file in, say that it is sound, and write it out again for its owner alone", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const [original, copy] = [`${yield* folder}/original.ndjson`, `${yield* folder}/copy.ndjson`]
      const file = fileOf(sampleLog(5_000))
      yield* fs.writeFile(original, file)
      for (const args of [["verify"], ["export", copy], ["import", original]]) {
        assertRefused(yield* run("events", ...args), /lacks migration 0001/)
      }
      assert.isFalse(yield* fs.exists(copy))
      yield* succeed("migrate")
      assertRefused(yield* run("events", "import", `${original}.gone`), /NotFound|no such file/)

      const brought = yield* succeed("events", "import", original)
      assert.match(brought.stderr, /^Imported 5,000 events in \d+\.\d s \([\d,]+\/s\); tenants: 2, API keys: 2\./)
      assertRefused(yield* run("events", "import", original), /has events already/)
      assert.match((yield* succeed("events", "verify")).stdout, /^Looked at 5,000 events in .*: the log is sound\.\n$/)
      const sql = yield* PgClient.PgClient
      const states = yield* sql<{ state: string; active: boolean }>`
        select state, p.active_version is not null as active from projection_versions v left join projections p using (projection)`
      assert.isAbove(states.length, 0)
      assert.isTrue(
        states.every(({ active, state }) => active && state === "following"),
        "services feed the projections from the beginning"
      )

      const written = yield* succeed("events", "export", copy)
      assert.match(written.stderr, /^Exported 5,000 events in .* readable for you alone/)
      assert.isTrue(file.equals(yield* fs.readFile(copy)))
      assert.strictEqual((yield* fs.stat(copy)).mode & 0o777, 0o600)
      assert.isFalse(yield* fs.exists(`${copy}.part`))
      assertRefused(yield* run("events", "export", copy), /copy\.ndjson exists already/)
      yield* fs.rename(copy, `${copy}.part`)
      assertRefused(yield* run("events", "export", copy), /copy\.ndjson\.part exists: another export writes it, or one was killed/)
      assert.isTrue(file.equals(yield* fs.readFile(`${copy}.part`)))
      const out = yield* succeed("events", "export", "-")
      assert.isTrue(out.stdout === file.toString())

      yield* sql`alter table events disable trigger user`
      yield* sql`delete from events where slice = 3 and position = 1`
      const damaged = yield* run("events", "verify")
      assert.strictEqual(damaged.code, 1)
      assert.match(damaged.stdout, /^log: (partition 0 \(server home\): )?the database does not refuse to change events/m)
      assert.match(damaged.stdout, /^slice 3: position 1 is missing$/m)
      assert.match(damaged.stdout, /4,999 events in .*: 2 findings\.\n$/)
      assert.match(damaged.stderr, /^playtally: The log cannot be trusted/)
      assertRefused(
        yield* run("events", "export", `${copy}.2`),
        /The log is damaged: event 3\/2 stands where 3\/1 must be. `events verify` shows/
      )
      assert.deepStrictEqual((yield* fs.readDirectory(dirname(copy))).sort(), ["copy.ndjson.part"])
    }))
})

layer(Layer.mergeAll(testSql, NodeServices.layer), { excludeTestServices: true })("an import that is killed", (it) => {
  it.effect(
    "goes on where it was, with the file on stdin too, and what is killed or stopped has not succeeded",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const name = `${yield* folder}/log.ndjson`
        const log = sampleLog(30_000)
        const file = fileOf(log)
        yield* fs.writeFile(name, file)
        yield* succeed("migrate")
        let before = 0
        for (const signal of ["SIGINT", "SIGKILL"] as const) {
          const program = yield* startProgram(["events", "import", name], yield* testSettings)
          yield* Effect.raceFirst(
            untilEffect(Effect.map(unfinished, (mark) => mark !== undefined && mark.events > before)),
            Effect.flatMap(program.ended, () => Effect.die(new Error(`the import ended: ${program.stderr()}`)))
          )
          yield* program.signal(signal)
          const { code } = yield* program.ended
          assert.strictEqual(code, signal === "SIGINT" ? 130 : null, program.stderr())
          before = (yield* unfinished)?.events ?? 0
          assert.isBelow(before, log.events.length, "stopped too late to be a test")
        }
        assertRefused(yield* run("events", "export", "-"), /This log is the beginning of an import \(\d+ events\)/)
        assert.match(
          (yield* run("events", "verify")).stdout,
          /^log: (partition 0 \(server home\): )?it is the beginning of an import that was not ended/
        )
        assertRefused(
          yield* runCommand(["events", "import", "-"], yield* testSettings, () => {}, Stream.fromIterable([file.subarray(0, 1_000_000)])),
          /The file is cut off after line \d+: it has \d+ of 30000 events|another file was begun/
        )

        const ended = yield* runCommand(["events", "import", "-"], yield* testSettings, () => {}, Stream.fromIterable([file]))
        assert.strictEqual(ended.code, 0, ended.stderr)
        assert.match(ended.stderr, new RegExp(`, after \\d+ that were here from an import that was cut off`))
        assert.match((yield* succeed("events", "verify")).stdout, /^Looked at 30,000 events in .*: the log is sound\.\n$/)

        const copy = `${yield* folder}/copy.ndjson`
        const exporting = yield* Effect.forkChild(run("events", "export", copy))
        yield* untilEffect(fs.exists(`${copy}.part`))
        yield* Fiber.interrupt(exporting)
        yield* untilEffect(Effect.map(fs.exists(`${copy}.part`), (exists) => !exists))
        assert.isFalse(yield* fs.exists(copy))
        yield* succeed("events", "export", copy)
        assert.isTrue(file.equals(yield* fs.readFile(copy)))
      }),
    120_000
  )
})
