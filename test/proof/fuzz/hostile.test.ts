import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ReadinessChecks } from "../../../src/readiness/ReadinessChecks.ts"
import { runCommand, testSettings } from "../../cli/runCommand.ts"
import { countEvents } from "../../support/database/everyDatabase.ts"
import { testSql } from "../../support/database/TestSql.ts"
import { assertLogIsSound } from "../../support/database/wholeLog.ts"
import { readBody } from "../../support/events/bulkItems.ts"
import { request } from "../../support/service/sender.ts"
import { apiKey, startService } from "../../support/service/ServiceProcess.ts"
import { untilEffect } from "../../support/time/until.ts"
import { startBystander, type Window } from "./hostile/Bystander.ts"
import { deepItems } from "./hostile/deepItems.ts"
import { fatItems } from "./hostile/fatItems.ts"
import { heavyReads } from "./hostile/heavyReads.ts"
import { type Amount, casinoBet, type HostileInput } from "./hostile/HostileInput.ts"
import { pipelinedDocs, unknownKeys } from "./hostile/keylessFloods.ts"
import { manyKeys } from "./hostile/manyKeys.ts"
import { rejectedItems } from "./hostile/rejectedItems.ts"
import { slowClients } from "./hostile/slowClients.ts"
import { Target } from "./hostile/Target.ts"
import { wideUsers } from "./hostile/wideUsers.ts"

const MiB = 1024 * 1024

const inputs = [fatItems, deepItems, wideUsers, manyKeys, rejectedItems, heavyReads, slowClients, pipelinedDocs, unknownKeys]
/** A second or so each. */
const quick = [fatItems, deepItems, manyKeys, pipelinedDocs, unknownKeys]

/**
 * `all`, or the names of some, with a service of its own for each; without it a little of the quick
 * ones, one after the other.
 */
const asked = process.env["FUZZ_HOSTILE"]
const amount: Amount = asked === undefined ? "some" : "all"
const runs: ReadonlyArray<{ readonly name: string; readonly run: ReadonlyArray<HostileInput> }> = asked === undefined
  ? [{ name: quick.map(({ name }) => name).join(", "), run: quick }]
  : inputs.filter(({ name }) => asked === "all" || asked.split(",").includes(name)).map((input) => ({ name: input.name, run: [input] }))
if (runs.length === 0) throw new Error(`FUZZ_HOSTILE is all, or some of ${inputs.map(({ name }) => name).join()}`)

/** With the heaps of `npm start`. */
const heap = "--max-old-space-size=1024 --max-semi-space-size=32"
const mostResident = 1200 * MiB
/** Milliseconds that a step of the service may take, but for the parse of a body. */
const longestStep = 50
/** Milliseconds of 99 of 100 requests of others, unless the input says less. */
const othersWait = 500

/*
 * Where other programs keep the processors busy everything takes longer. What the service waited
 * for a processor is taken off its delays (Linux counts it), and every bound is stretched by how
 * slow the machine was just before the input: by its multiple of these milliseconds, which 99 of
 * 100 requests of the bystander and steps of the service stay below on two quiet cores.
 */
const quietWait = 40
const quietStep = 15

const quantile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

/**
 * Four for a little of it: another file of tests runs beside this one, and of some thirty requests
 * the slowest is what counts.
 */
const company = amount === "some" ? 4 : 1

const stretch = (measured: number, quiet: number): number => company * Math.max(1, measured / quiet)

/** Milliseconds for a MiB of a body like any other to be parsed, the least of some. */
const parseTime = () => {
  const body = JSON.stringify({ items: Array.from({ length: 4000 }, () => casinoBet("parsed")) })
  const taken = Array.from({ length: 5 }, () => {
    const began = performance.now()
    readBody(body)
    return performance.now() - began
  })
  return Math.min(...taken) / (Buffer.byteLength(body) / MiB)
}

/** What was worse under an input than it may be: a line each. */
const worse = ({ connectionsWait, othersWait: wait = othersWait }: HostileInput, quiet: Window, during: Window, longestBody: number) => {
  const found: Array<string> = during.failures.map((failure) => `another tenant: ${failure}`)
  const expectBelow = (what: string, value: number, bound: number, by: number) => {
    if (value > bound * by) found.push(`${what}: ${value.toFixed(0)} ms, more than ${bound.toFixed(0)} ms × ${by.toFixed(1)}`)
  }
  const slow = (values: (window: Window) => ReadonlyArray<number>) => stretch(quantile(values(quiet), 0.99), quietWait)
  expectBelow("p99 of another tenant's batches", quantile(during.batches, 0.99), wait, slow(({ batches }) => batches))
  expectBelow("p99 of another tenant's reads", quantile(during.reads, 0.99), wait, slow(({ reads }) => reads))
  expectBelow("p99 of new connections", quantile(during.connections, 0.99), connectionsWait ?? wait, slow(({ connections }) => connections))
  const step = longestStep + parseTime() * longestBody / MiB
  expectBelow("the event loop's greatest delay", Math.max(...during.delays), step, stretch(quantile(quiet.delays, 0.99), quietStep))
  if (during.resident > mostResident) found.push(`resident memory: ${(during.resident / MiB).toFixed(0)} MiB`)
  return found
}

const shown = (name: string, { batches, connections, delays, reads, resident }: Window) =>
  `${name.padEnd(14)} ${
    Object.entries({ batches, reads, connections }).map(([what, values]) =>
      `${what} ${values.length} p50 ${quantile(values, 0.5).toFixed(0)} p99 ${quantile(values, 0.99).toFixed(0)} ms`
    ).join(", ")
  }; event loop up to ${Math.max(0, ...delays).toFixed(0)} ms; ${(resident / MiB).toFixed(0)} MiB\n`

/** How long the projections may take afterwards, on a busy machine. */
const settling = amount === "all" ? "5 minutes" : "30 seconds"

/** Whether the service is ready and has nothing left to do. */
const isIdle = (url: string) =>
  Effect.map(request(`${url}/readyz`), ({ status, text }) => {
    if (status !== 200) return false
    const { checks: { projections } } = JSON.parse(text) as { readonly checks: ReadinessChecks }
    assert.strictEqual(projections.parked_users, 0)
    return projections.lag_events === 0 && projections.ranking_lag_events === 0
  })

/** The events so far. The first service migrates the database. */
const eventsSoFar = Effect.flatMap(
  Effect.flatMap(PgClient.PgClient, (sql) => sql<{ is_there: boolean }>`select to_regclass('events') is not null as is_there`),
  ([found]) => found?.is_there === true ? countEvents() : Effect.succeed(0)
)

layer(testSql, { excludeTestServices: true })("hostile input of one tenant", (it) => {
  it.effect.each(runs)("costs the others nothing: $name", ({ run }) =>
    Effect.gen(function*() {
      const before = yield* eventsSoFar
      const { pid, stderr, stdout, url } = yield* startService({ NODE_OPTIONS: heap, DENO_V8_FLAGS: heap.replace(" ", ",") })
      const settings = yield* testSettings
      const other = `other-${pid}`
      yield* runCommand(["tenants", "create", other], settings)
      const { stdout: key } = yield* runCommand(["keys", "create", other, "key", "--scopes", "ingest,read"], settings)
      const bystander = yield* startBystander({ url, key: key.trim(), userId: "bystander", pid: pid ?? 0 })
      const wrong: Array<string> = []
      let [taken, takenOfOther] = [0, 0]
      const look = Effect.tap(bystander.look, ({ stored }) => Effect.sync(() => takenOfOther += stored))
      yield* untilEffect(Effect.map(look, ({ delays }) => delays.length > 0))
      for (const input of run) {
        // How it is without.
        yield* Effect.sleep(amount === "all" ? "3 seconds" : "500 millis")
        const quiet = yield* look
        const target = new Target(url, apiKey)
        const done = yield* Effect.promise(() => input.attack(target, amount)).pipe(
          Effect.timeoutOption(settling),
          Effect.ensuring(Effect.sync(() => target.close()))
        )
        if (Option.isNone(done)) wrong.push(`${input.name}: not all is answered after ${settling}`)
        const during = yield* look
        wrong.push(...[...target.failures, ...worse(input, quiet, during, target.longestBody)].map((line) => `${input.name}: ${line}`))
        if (amount === "all") process.stdout.write(shown("quiet", quiet) + shown(input.name, during))
        taken += target.stored
      }
      takenOfOther += (yield* bystander.end).stored

      // What it said is stored, and nothing else, is what counts; everybody is fed to the end, and
      // nobody is parked. The rankings gather for seconds, unless somebody asks for all of them.
      for (const board of ["casino_turnover", "sports_turnover"]) {
        yield* request(`${url}/api/v1/leaderboards/${board}?currency=EUR&consistency=strong`, { headers: { prefer: "wait=30" } })
      }
      const settled = yield* Effect.timeoutOption(untilEffect(isIdle(url)), settling)
      if (Option.isNone(settled)) wrong.push(`not ready and idle after ${settling}: ${(yield* request(`${url}/readyz`)).text}`)
      const events = (yield* eventsSoFar) - before
      if (events !== taken + takenOfOther) wrong.push(`${events} events were stored, ${taken} and ${takenOfOther} were acknowledged`)
      yield* assertLogIsSound
      const counters = yield* request(`${url}/api/v1/users/bystander/counters?consistency=strong`, { headers: { "x-api-key": key.trim() } })
      const bets = /"bet_count":(\d+)/.exec(counters.text)?.[1]
      if (bets !== String(takenOfOther)) wrong.push(`the other tenant has ${bets ?? counters.text} bets instead of ${takenOfOther}`)
      const verified = yield* runCommand(["projections", "verify"], settings)
      if (verified.code !== 0) wrong.push(`projections verify: ${verified.stdout}${verified.stderr}`)
      wrong.push(...(stdout() + stderr()).split("\n").filter((line) => /ERROR|FATAL/.test(line)))
      assert.deepStrictEqual(wrong, [])
    }), amount === "all" ? 900_000 : 90_000)
})
