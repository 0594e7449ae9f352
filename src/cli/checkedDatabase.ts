import * as Layer from "effect/Layer"
import { databaseLayer } from "../App.ts"
import { IsPatient } from "../database/Database.ts"
import { Migrations } from "../database/Migrations.ts"

/**
 * The database of the settings, for commands that run beside a service: they change no schema, and
 * do not start on one that is not theirs.
 */
export const checkedDatabase = Migrations.layerCheck.pipe(Layer.provideMerge(databaseLayer), Layer.provide(Layer.succeed(IsPatient, true)))
