import { accountStep, earlierLogins, loginStep } from "./accountSteps.ts"
import { casinoRound } from "./casinoRound.ts"
import { payment } from "./payment.ts"
import type { Player } from "./Player.ts"
import type { Play, Scene, Step } from "./Scene.ts"
import { seededRandom } from "./SeededRandom.ts"
import { sportsBet } from "./sportsBet.ts"

/**
 * One visit of a player, in order of time: a login, deposits when the money runs out, some minutes
 * of casino rounds and bets, perhaps a withdrawal. Settlements and reversals may follow after the
 * player has left. The first session of a run also tells the account and, late, earlier logins. The
 * same arguments give the same session; `run` makes the ids those of one run.
 */
export const playerSession = (options: {
  readonly run: string
  readonly seed: number
  readonly player: Player
  /** 1 for the player's first session of the run. */
  readonly session: number
}): ReadonlyArray<Step> => {
  const { player, run, seed, session } = options
  const random = seededRandom(seed, player.index, session)
  let serial = 0
  const scene: Scene = {
    player,
    random,
    nextId: () => `${run}-${player.index.toString(36)}-${session.toString(36)}-${(serial++).toString(36)}`
  }

  const steps: Array<Step> = [loginStep(scene)]
  if (session === 1) steps.push(...earlierLogins(scene))
  if (session === 1 ? random.chance(0.5) : random.chance(0.05)) steps.push(accountStep(scene))

  let clock = random.between(300, 4_000)
  let balance = random.chance(0.3) ? player.stake * BigInt(random.between(0, 30)) : 0n
  const play = (piece: Play) => {
    steps.push(...piece.steps)
    clock += piece.busy
    balance += piece.balance
  }
  let patience = 3
  for (let left = random.between(15, 80); left > 0 && patience > 0; left--) {
    if (balance < player.stake * 6n) {
      patience--
      play(payment(scene, "deposit", player.stake * BigInt(random.pick([20, 50, 50, 100])), clock))
    } else if (random.chance(player.sportsShare) && balance > player.stake * 20n) {
      play(sportsBet(scene, clock))
    } else {
      play(casinoRound(scene, clock))
    }
  }
  if (balance > player.stake * 60n) play(payment(scene, "withdrawal", balance / 2n, clock))
  return steps.sort((a, b) => a.after - b.after)
}
