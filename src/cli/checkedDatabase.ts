import * as Layer from "effect/Layer"
import { databaseLayer } from "../App.ts"
import { IsPatient } from "../database/Database.ts"
import { Migrations } from "../database/Migrations.ts"

/**
 * The database of the settings, for commands that run beside a service.
 *
 * They change no schema, and do not start on a schema that does not match.
 */
export const checkedDatabase = Migrations.layerCheck.pipe(Layer.provideMerge(databaseLayer), Layer.provide(Layer.succeed(IsPatient, true)))
