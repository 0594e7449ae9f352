import { PgClient } from "@effect/sql-pg"
import { Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { activateVersion } from "../../projections/versions/activateVersion.ts"
import { isEmptyDiff } from "../../projections/versions/diffVersions.ts"
import { previousVersion } from "../../projections/versions/versions.ts"
import { CommandFailed, explained } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { compare, describe } from "./diff.ts"
import { projectionsLayer } from "./projectionsLayer.ts"
import { activeStoreOf, activeVersionOf, nameOfProjection, NoSuchProjection, storeOf, title, versionFlag } from "./projectionVersion.ts"

const withParked = Flag.Boolean("with-parked").pipe(
  Flag.withDescription("Although users are parked in the version"),
  Flag.withDefault(false)
)
const replaceViews = Flag.Boolean("replace-views").pipe(
  Flag.withDescription("Remake SQL views whose columns change other than by more at the end; grants are kept"),
  Flag.withDefault(false)
)

/**
 * `projections activate NAME`: has readers read a rebuilt version; one that changes numbers needs
 * `--accept`.
 */
export const activate = Command.make(
  "activate",
  {
    name: nameOfProjection,
    version: versionFlag,
    accept: Flag.Boolean("accept").pipe(Flag.withDescription("Also if it changes numbers"), Flag.withDefault(false)),
    withParked,
    replaceViews
  },
  Effect.fnUntraced(
    function*({ accept, name, replaceViews, version, withParked }) {
      const sql = yield* PgClient.PgClient
      const store = yield* storeOf(name, version)
      const active = yield* activeStoreOf(name)
      const before = yield* activeVersionOf(name)
      if (!accept && active === undefined && before !== undefined) {
        return yield* new CommandFailed({
          message: `${title(store)} cannot be compared with v${before}, which is active and which this code does not have or cannot run: ` +
            "--accept takes it nonetheless."
        })
      }
      if (!accept && active !== undefined && active !== store) {
        const { after, before, diff } = yield* compare(name, version, Option.none())
        if (!isEmptyDiff(diff)) {
          yield* print(...(yield* describe(before, after, diff)))
          return yield* new CommandFailed({ message: `${title(store)} changes numbers: --accept takes it nonetheless.` })
        }
      }
      yield* activateVersion(sql, store, { withParked, replaceViews })
      yield* print(
        `${title(store)} is active.${before === undefined ? "" : ` projections rollback ${name} goes back to v${before}.`}`
      )
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Have readers read a rebuilt version, from one moment to the next"))

/**
 * `projections rollback NAME`: has readers read the version before, which has been fed all along.
 */
export const rollback = Command.make(
  "rollback",
  { name: nameOfProjection, withParked, replaceViews },
  Effect.fnUntraced(
    function*({ name, replaceViews, withParked }) {
      const sql = yield* PgClient.PgClient
      const previous = yield* previousVersion(sql, name)
      if (previous === undefined) {
        return yield* new NoSuchProjection({ message: `There is no version of ${name} to go back to.` })
      }
      const store = yield* storeOf(name, Option.some(previous))
      yield* activateVersion(sql, store, { withParked, replaceViews })
      yield* print(`${title(store)} is active again.`)
    },
    Effect.provide(projectionsLayer()),
    explained
  )
).pipe(Command.withDescription("Go back to the version that was active before"))
