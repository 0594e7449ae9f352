import { casino } from "./kinds/casino.ts"
import { gameRound } from "./kinds/gameRound.ts"
import { login } from "./kinds/login.ts"
import { payment } from "./kinds/payment.ts"
import { registration } from "./kinds/registration.ts"
import { sportsBet } from "./kinds/sportsBet.ts"

/**
 * The kinds of events that the service takes, in the order in which the API's description has them.
 * What else has to know a kind, the compiler and `test/fasttrack/eventKinds.test.ts` say.
 */
export const eventKinds = {
  [casino.event]: casino,
  [payment.event]: payment,
  [registration.event]: registration,
  [gameRound.event]: gameRound,
  [sportsBet.event]: sportsBet,
  [login.event]: login
} as const
