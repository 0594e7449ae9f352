import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { OperatorKey, type OperatorKeySource } from "../../operators/OperatorKey.ts"
import { cli } from "../../platform/cli.ts"
import { Bootstrap, type BootstrapKey } from "../../tenants/Bootstrap.ts"

/** What the service prints when it listens, with a request to try. */
export const greeting = Effect.fnUntraced(function*(url: string) {
  const { key } = yield* Bootstrap
  const { source } = yield* OperatorKey
  const shell = keyInShell(key, { isTerminal: process.stdout.isTTY })
  return [
    `playtally listens on ${url}`,
    `  console        ${url}/console${operatorHint(source)}`,
    `  documentation  ${url}/docs`,
    ...key._tag === "Made" && process.stdout.isTTY
      ? [`  API key        ${Redacted.value(key.key)}  (of the tenant "demo"; kept in ${key.file})`]
      : key._tag === "Made" || key._tag === "Kept"
      ? [`  API key        in ${key.file}  (of the tenant "demo")`]
      : [],
    ...shell === undefined
      ? [`  API key        none yet: ${cli} tenants create NAME, then keys create NAME KEY --scopes ingest,read`]
      : ["", "Send a bet and read the player's counters:", "", ...curl(url, shell)]
  ]
})

/** Where the key is that opens everything in the console. The key itself is never printed. */
const operatorHint = (source: OperatorKeySource): string => {
  switch (source._tag) {
    case "Kept":
      return `  (the operator key is in ${source.file})`
    case "Given":
      return "  (the operator key is OPERATOR_KEY)"
    case "None":
      return "  (there is no operator key: set OPERATOR_KEY)"
  }
}

/**
 * How a line for the shell names the key.
 *
 * Only a terminal gets the key itself. Other output is kept, as logs are.
 */
const keyInShell = (key: BootstrapKey, { isTerminal }: { readonly isTerminal: boolean }): string | undefined => {
  switch (key._tag) {
    case "Made":
      return isTerminal ? Redacted.value(key.key) : `$(cat '${key.file}')`
    case "Kept":
      return `$(cat '${key.file}')`
    case "Given":
      return "$BOOTSTRAP_API_KEY"
    case "None":
      return undefined
  }
}

const bet = {
  items: [{
    event: "realtime-casino",
    data: {
      user_id: "player-1",
      timestamp: "2026-01-31T12:00:00Z",
      unique_id: "bet-1",
      game_id: "starburst",
      round_id: "round-1",
      type: "bet",
      amount: 2.5,
      currency: "EUR",
      bonus_wager_amount: 0
    }
  }]
}

const curl = (url: string, key: string): ReadonlyArray<string> => [
  `  curl -H "x-api-key: ${key}" -H "content-type: application/json" -d '${JSON.stringify(bet)}' \\`,
  `    ${url}/api/v1/integrations/fasttrack/bulk && \\`,
  `  curl -H "x-api-key: ${key}" "${url}/api/v1/users/player-1/counters?consistency=strong"`
]
