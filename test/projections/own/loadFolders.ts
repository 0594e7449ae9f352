import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { loadFolder } from "../../../src/projections/own/loadFolder.ts"

/*
 * A program of `ownProjections.test.ts`: loads the folders of its arguments, and writes what became
 * of each. The runner of the tests loads modules in a way of its own.
 */

const outcome = (folder: string) =>
  Effect.map(Effect.result(loadFolder(folder, catalog)), (result) =>
    Result.isSuccess(result)
      ? result.success.projections.map(({ name, version }) => `${name} v${version}`)
      : { reason: result.failure.reason, message: result.failure.message })

const outcomes = await Effect.runPromise(Effect.forEach(process.argv.slice(2), outcome))
process.stdout.write(JSON.stringify(outcomes))
