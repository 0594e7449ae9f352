import { Command, Flag } from "effect/cli"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { targetOf } from "../database/DatabaseUrl.ts"
import { findEmbedded } from "../database/embedded/findEmbedded.ts"
import { urlOf } from "../database/embedded/Place.ts"
import { homeServer } from "../partitions/PartitionMap.ts"
import { embeddedUrl, isEmbeddedServer, readServers } from "../partitions/PartitionServers.ts"
import { Settings } from "../platform/Settings.ts"
import { CommandFailed, explained } from "./CommandFailed.ts"
import { print } from "./print.ts"

/** The parameters of a URL that hold secrets of libpq. */
const secrets = ["password", "sslpassword", "oauth_client_secret"]

/** The URL without its secrets. */
const withoutSecrets = (text: string): string => {
  const url = new URL(text)
  url.password = ""
  for (const name of secrets) url.searchParams.delete(name)
  return url.href
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

const url = Command.make(
  "url",
  {
    password: Flag.Boolean("password").pipe(
      Flag.withDescription("Write the password too, for a program that takes a URL. Not for a log"),
      Flag.withDefault(false)
    ),
    server: Flag.String("server").pipe(
      Flag.withDescription("The database of another server of the log, as `partitions list` names it"),
      Flag.withDefault(homeServer)
    )
  },
  Effect.fnUntraced(
    function*(options) {
      const { dataDir, database } = yield* Settings
      const shown = (text: string) => print(options.password ? text : withoutSecrets(text))
      const servers = yield* readServers(Redacted.value(database.servers))
      const named = servers.get(options.server)
      if (named !== undefined) {
        yield* shown(Redacted.value(named.url))
        return yield* Console.error("This is of DATABASE_SERVERS. Whether the server answers is not looked at.")
      }
      if (options.server !== homeServer && (Option.isSome(database.url) || !isEmbeddedServer(options.server))) {
        const names = [homeServer, ...servers.keys()].map((name) => `"${name}"`).join(", ")
        return yield* new CommandFailed({ message: `No setting names a server "${options.server}". There are ${names}.` })
      }
      if (servers.size > 0) {
        yield* Console.error(`Other partitions may be on ${[...servers.keys()].map((name) => `--server ${name}`).join(", ")}.`)
      }
      if (Option.isSome(database.url)) {
        yield* targetOf("DATABASE_URL", database.url.value)
        yield* shown(Redacted.value(database.url.value))
        return yield* Console.error("This is DATABASE_URL. Whether the server answers is not looked at.")
      }
      const found = yield* findEmbedded(dataDir)
      if (found === undefined) {
        return yield* new CommandFailed({ message: `There is no database in ${dataDir} yet: \`npm start\` makes one.` })
      }
      const { isRunning, password, passwordFile, place } = found
      const home = urlOf(place, Redacted.value(password))
      const address = options.server === homeServer ? home : embeddedUrl(home, options.server)
      yield* shown(address)
      yield* Console.error(
        isRunning ? "The embedded server is running." : "The embedded server is not running: it is as long as the service or a command is."
      )
      yield* Console.error(`  PGPASSWORD="$(cat ${quoted(passwordFile)})" psql ${quoted(withoutSecrets(address))}`)
    },
    Effect.provide(Settings.layer),
    explained
  )
).pipe(
  Command.withDescription("Write the URL of a database of the log to stdout, for psql, pg_dump and any other client"),
  Command.withExamples([
    {
      command: "database url --password",
      description: "As in: pg_dump \"$(npm run --silent cli -- database url --password)\" > backup.sql"
    },
    { command: "database url --server p1", description: "Another database of a log with several partitions" }
  ])
)

/** `database url`. */
export const database = Command.make("database").pipe(
  Command.withDescription("The database of the settings"),
  Command.withSubcommands([url])
)
