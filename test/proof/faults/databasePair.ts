import * as Effect from "effect/Effect"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { serverName } from "../../support/service/serverName.ts"
import { type ServiceProcess, startService } from "../../support/service/ServiceProcess.ts"
import { until } from "../../support/time/until.ts"
import { standbyOf } from "./copyServer.ts"
import { asTestDatabase, ownPostgres, serverFolder } from "./OwnPostgres.ts"

/** A service on the database at a URL. */
export const serviceAt = (url: string) => Effect.provideService(startService(), TestDatabase, asTestDatabase({ url }))

/** A primary, its standby and a service that reaches one by a name. */
export const databasePair = Effect.gen(function*() {
  const folder = yield* serverFolder
  const primary = yield* ownPostgres(`${folder}/a`)
  const standby = yield* standbyOf(primary, `${folder}/b`)
  const name = yield* serverName(primary.url)
  return { folder, primary, standby, name, service: yield* serviceAt(name.url) }
})

/** How often the service has said that the log lost events. */
export const losses = ({ stderr, stdout }: ServiceProcess) =>
  `${stdout()}${stderr()}`.match(/FATAL.*The log went back: PostgreSQL/g)?.length ?? 0

/** Waits until the service says it: nobody has to send for that. */
export const untilLossIsTold = (service: ServiceProcess) => until(() => losses(service) > 0)
