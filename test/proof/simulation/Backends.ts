import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { Statement } from "./FaultingSql.ts"
import type { Answer, Server } from "./Server.ts"

/**
 * What becomes of a statement, and what its process hears of it:
 *
 * - done: it is executed and answered, be it with an error of its own;
 * - unsent: the connection breaks before it reaches the server;
 * - unanswered: it is executed, and the connection breaks before the answer is there;
 * - late: the connection breaks, and the server executes it some time later nonetheless;
 * - refused: the server answers with an error, and has not executed it.
 */
export type Fate =
  | { readonly _tag: "done" | "unsent" | "unanswered" | "late" }
  | { readonly _tag: "refused"; readonly state: string }

/**
 * A statement that the server has been given and has perhaps not answered yet: as long as it has
 * not ended, it waits for a lock.
 */
export interface Running {
  readonly statement: Statement
  readonly connection: PgConnection.PgConnection
  readonly since: number
  fate: Fate
  answer: Answer | undefined
  ended: Promise<void>
}

/**
 * The statements that the server is at work on: one that runs, and those that wait for locks, in
 * PostgreSQL itself.
 */
export class Backends {
  running: ReadonlyArray<Running> = []
  private readonly server: Server
  /** Those of the running that have been seen to wait for a lock. */
  private readonly blocked = new WeakSet<Running>()

  constructor(server: Server) {
    this.server = server
  }

  execute(connection: PgConnection.PgConnection, statement: Statement, fate: Fate, now: number): void {
    const query = fate._tag === "refused"
      ? connection.query(`do $$ begin raise exception 'simulated' using errcode = '${fate.state}'; end $$`, [], false)
      : connection.query(statement.text, statement.params, statement.isPrepared)
    const finish = async () => {
      running.answer = await Effect.runPromiseExit(query)
    }
    const running: Running = { statement, connection, since: now, fate, answer: undefined, ended: Promise.resolve() }
    running.ended = finish()
    this.running = [...this.running, running]
  }

  /**
   * Waits until each statement is answered or waits for a lock. Those that are answered, in the
   * order in which they began, are not running any more.
   */
  async answered(): Promise<ReadonlyArray<Running>> {
    await this.untilBlocked()
    const answered = this.running.filter(({ answer }) => answer !== undefined)
    this.running = this.running.filter(({ answer }) => answer === undefined)
    return answered
  }

  private async untilBlocked(): Promise<void> {
    for (;;) {
      const unanswered = this.running.filter(({ answer }) => answer === undefined)
      if (unanswered.length === 0) return
      if (unanswered.some((running) => !this.blocked.has(running))) await soon(unanswered)
      const left = this.running.filter(({ answer }) => answer === undefined)
      if (left.length === 0 || await this.areBlocked(left)) return
      await soon(left)
    }
  }

  private async areBlocked(left: ReadonlyArray<Running>): Promise<boolean> {
    const areWaiting = async () => (await this.server.waiting(left.map(({ connection }) => connection))).size === left.length
    if (!await areWaiting()) return false
    if (left.every((running) => this.blocked.has(running))) return true
    // If they wait for each other, the server says so to one of them by then.
    await pause(3)
    if (left.some(({ answer }) => answer !== undefined) || !await areWaiting()) return false
    for (const running of left) this.blocked.add(running)
    return true
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds))

/** Until one of them has ended, or for as long as a statement takes that waits for nobody. */
const soon = (running: ReadonlyArray<Running>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, 2)
  })
  return Promise.race([late, ...running.map(({ ended }) => ended)]).finally(() => clearTimeout(timer))
}
