import type { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import { SqlError } from "effect/sql"
import { sqlState } from "../../../src/database/classifySqlError.ts"
import { known } from "../../../src/values/known.ts"
import { Backends, type Fate, type Running } from "./Backends.ts"
import { connectionLost, type Network, type Session, type Statement } from "./FaultingSql.ts"
import type { Choice, Schedule } from "./Schedule.ts"
import type { Answer, Server } from "./Server.ts"
import { SimulatedProcess } from "./SimulatedProcess.ts"

/**
 * Serialization failure, deadlock, lock timeout, statement timeout, too many connections, disk
 * full.
 */
const refusals = ["40001", "40P01", "55P03", "57014", "53300", "53100"]

/** Something that may happen at any time, besides statements and the passing of time. */
export interface Action {
  readonly label: string
  readonly perform: () => Promise<void> | void
}

/** What cannot be reached: a server, by one process or by all. */
export interface Outage {
  readonly server?: string
  readonly process?: string
}

/** How long a lock is waited for, as `Database` has it. */
const lockTimeouts = { append: 2_000, general: 5_000 }
const mostSteps = 10_000

/**
 * What takes locks, besides appends, which take them in one order. While somebody waits for a lock,
 * it is not begun: if two waited for the same transaction at different rows, they would run side by
 * side once it ends, and PostgreSQL would decide what comes of that.
 */
const locking = /for update(?! skip locked)|pg_advisory|set epoch|erase_user\(|into leaderboards_|from leaderboards_\w+ where ctid/i

/** What a world does with a process. */
type Process = Pick<SimulatedProcess<never>, "name" | "isGone" | "step" | "goTo" | "crash">

/**
 * A few processes, the servers and the network between them. Statements reach the servers one at a
 * time: whenever no fiber can go on, the schedule decides which of the waiting ones is next and
 * what becomes of it, or that time passes, or that something else happens. A statement that waits
 * for a lock stays where it is, in PostgreSQL itself, until whoever holds the lock gives it up. So
 * the same seed gives the same run.
 */
export class World implements Network {
  readonly schedule: Schedule
  private readonly servers: ReadonlyMap<string, Server>
  now = Date.UTC(2026, 5, 15, 12)
  /** Nothing goes wrong, and everything happens in order. */
  isCalm = true
  /** How often something goes wrong, and how often it may yet. */
  faultRate = 0
  faultsLeft = 0
  /** Whether anything has gone wrong yet. */
  isHurt = false
  /** Until when something cannot be reached. */
  private outages: Array<Outage & { readonly until: number }> = []
  /**
   * The world's own transaction that holds the head of a slice, as some other process's append may.
   */
  private rival: { readonly server: Server; readonly connection: PgConnection.PgConnection } | undefined
  private readonly processes: Array<Process> = []
  private readonly sessions = new Set<Session>()
  private waiting: Array<Statement> = []
  private readonly backends: Backends
  private late: Array<Statement> = []
  /**
   * Of processes that are gone, or think that the connection is: with a transaction that the server
   * has yet to roll back.
   */
  private orphans: Array<Session> = []
  private numbered = 0
  private steps = 0

  constructor(schedule: Schedule, servers: readonly [Server, ...ReadonlyArray<Server>]) {
    this.schedule = schedule
    this.servers = new Map(servers.map((server) => [server.name, server]))
    this.backends = new Backends(servers[0])
  }

  start<R, E>(name: string, layer: (process: string) => Layer.Layer<R, E>): SimulatedProcess<R> {
    const process = new SimulatedProcess<R>(name, this.schedule, this.now)
    this.processes.push(process)
    this.note(`${name} starts`)
    process.start(layer(name), (exit) => {
      this.note(`${name} ${exit._tag === "Success" ? "is up" : "could not start"}`)
      if (exit._tag === "Failure") this.crash(process)
    })
    return process
  }

  /** Ends a process without a word: what it has sent may still reach the server or not. */
  crash(process: Process): void {
    process.crash()
    this.isHurt = true
    for (const session of [...this.sessions].filter((session) => session.process === process.name)) {
      const pending = this.waiting.find((statement) => statement.session === session)
      this.waiting = this.waiting.filter((statement) => statement.session !== session)
      const isOnItsWay = pending !== undefined && this.schedule.random.chance(0.5)
      for (const running of this.backends.running) if (running.statement.session === session) running.fate = { _tag: "late" }
      this.lose(session, isOnItsWay ? pending : undefined)
    }
  }

  /** Breaks every connection that is used, for some time: all, or those of an {@link Outage}. */
  cutOff(milliseconds: number, outage: Outage = {}): void {
    this.outages = [...this.outages.filter(({ until }) => this.now < until), { ...outage, until: this.now + milliseconds }]
    this.isHurt = true
  }

  private isCutOff({ process, server }: Session): boolean {
    return this.outages.some((outage) =>
      this.now < outage.until && (outage.process ?? process) === process && (outage.server ?? server) === server
    )
  }

  /** A server of this world. */
  server(name: string): Server {
    return known(this.servers.get(name), `server ${name}`)
  }

  /**
   * Holds the head of a slice until the schedule lets go of it: appends begin, take their snapshots
   * and wait, so that several are under way at once. One that somebody else holds is left to them.
   * (Of one slice, so that they are let on one after the other.)
   */
  async holdHead(server: Server, slice: number): Promise<void> {
    if (this.rival !== undefined) return
    const connection = await server.take("general")
    this.rival = { server, connection }
    await Effect.runPromise(connection.query("begin", [], false))
    await Effect.runPromise(connection.query(`select 1 from slice_heads where slice = ${slice} for update skip locked`, [], false))
  }

  private readonly letHeadGo = async (): Promise<void> => {
    if (this.rival === undefined) return
    this.note("the head of the slice is let go")
    await Effect.runPromise(this.rival.connection.query("rollback", [], false))
    this.rival.server.giveBack("general", this.rival.connection)
    this.rival = undefined
  }

  note(line: string): void {
    this.schedule.note(`@${this.now - Date.UTC(2026, 5, 15, 12)} ${line}`)
  }

  /** Lets things happen until it is done. */
  async run(isDone: () => boolean | Promise<boolean>, actions: () => ReadonlyArray<Choice<Action>> = () => []): Promise<void> {
    for (;;) {
      this.drain()
      await this.settle()
      this.drain()
      const next = this.next(actions())
      // Whoever looks whether it is done may look when nothing but time can pass.
      if ((next === undefined || !this.isCalm) && await isDone()) return
      if (this.steps++ > mostSteps) throw new Error(`it has not come to rest after ${mostSteps} steps`)
      await (next ?? this.passTime)()
    }
  }

  /** Ends everything, so that the next run finds the connections free. */
  async close(): Promise<void> {
    for (const process of this.processes) if (!process.isGone) process.crash()
    await this.letHeadGo()
    this.waiting = []
    this.late = []
    while (this.backends.running.length > 0 || this.orphans.length > 0) {
      for (const running of this.backends.running) {
        running.fate = { _tag: "late" }
        await this.server(running.statement.session.server).cancel(running.connection)
      }
      for (const session of this.orphans) await this.rollBack(session)
      this.orphans = []
      await Promise.all(this.backends.running.map(({ ended }) => ended))
      await this.settle()
    }
    for (const session of this.sessions) await this.rollBack(session)
  }

  send(statement: Statement): void {
    const { session } = statement
    if (session.number === 0) session.number = ++this.numbered
    this.sessions.add(session)
    this.waiting.push(statement)
  }

  interrupt(statement: Statement, done: () => void): void {
    statement.interrupted = done
  }

  release(session: Session): void {
    session.isReleased = true
    if (!session.isLost) this.end(session)
  }

  private drain(): void {
    let hasRun = true
    while (hasRun) {
      hasRun = false
      for (const process of this.processes) if (!process.isGone && process.step()) hasRun = true
    }
  }

  /** What happens next; undefined if only time can pass. */
  private next(actions: ReadonlyArray<Choice<Action>>): (() => Promise<void> | void) | undefined {
    const overdue = this.backends.running.find(({ since, statement }) => this.now - since >= lockTimeouts[statement.session.kind])
    if (overdue !== undefined) return () => this.giveUp(overdue, "55P03")
    const busy = new Set(this.backends.running.map(({ statement }) => statement.session))
    const choices: Array<Choice<() => Promise<void> | void>> = [
      ...this.waiting.filter(({ session, text }) =>
        !busy.has(session) && !(busy.size > 0 && session.kind === "general" && locking.test(text))
      ).map((statement) => ({
        weight: 10,
        value: () => this.letThrough(statement)
      })),
      ...this.late.filter(({ session }) => !busy.has(session)).map((statement) => ({
        weight: 3,
        value: () => this.executeLate(statement)
      })),
      ...this.orphans.map((session) => ({ weight: 3, value: () => this.notice(session) })),
      ...this.backends.running.filter(({ statement }) => statement.interrupted !== undefined)
        .map((running) => ({ weight: 5, value: () => this.giveUp(running, "57014") })),
      ...this.rival === undefined ? [] : [{ weight: 1.5, value: this.letHeadGo }],
      ...actions.map(({ value, weight }) => ({
        weight,
        value: () => {
          this.note(value.label)
          return value.perform()
        }
      }))
    ]
    const [first, ...others] = choices
    if (first === undefined) return undefined
    return this.isCalm ? first.value : this.schedule.choose([first, ...others, { weight: 2, value: this.passTime }])
  }

  private readonly passTime = (): void => {
    const { random } = this.schedule
    const isIdle = this.waiting.length + this.late.length + this.orphans.length === 0
    this.now += isIdle ? 250 : random.pick([5, 5, 50, 50, 300, 300, 1_200, 3_000])
    for (const process of this.processes) {
      if (process.isGone) continue
      process.goTo(this.now)
    }
  }

  private fateOf({ interrupted, session, text }: Statement): Fate {
    const { random } = this.schedule
    if (interrupted !== undefined) return random.chance(0.5) ? { _tag: "done" } : { _tag: "refused", state: "57014" }
    if (this.isCutOff(session)) return random.chance(0.8) ? { _tag: "unsent" } : { _tag: "unanswered" }
    if (this.isCalm || this.faultsLeft === 0 || !random.chance(this.faultRate)) return { _tag: "done" }
    this.faultsLeft--
    this.isHurt = true
    return this.schedule.choose<Fate>([
      { weight: 2, value: { _tag: "unsent" } },
      { weight: 3, value: { _tag: "unanswered" } },
      { weight: 3, value: { _tag: "late" } },
      // The server does not fail at these.
      { weight: /^(BEGIN|ROLLBACK|SAVEPOINT|RELEASE)/.test(text) ? 0 : 5, value: { _tag: "refused", state: random.pick(refusals) } }
    ])
  }

  private async letThrough(statement: Statement): Promise<void> {
    const { session } = statement
    this.waiting = this.waiting.filter((other) => other !== statement)
    const fate = this.fateOf(statement)
    this.note(`${this.nameOf(session)} ${statement.label}${fate._tag === "done" ? "" : ` -> ${fate._tag}`}`)
    if (fate._tag === "unsent" || fate._tag === "late") {
      this.lose(session, fate._tag === "late" ? statement : undefined)
      return statement.resume(Effect.fail(connectionLost))
    }
    await this.execute(statement, fate)
  }

  private async executeLate(statement: Statement): Promise<void> {
    this.late = this.late.filter((other) => other !== statement)
    this.note(`${this.nameOf(statement.session)} ${statement.label} arrives late`)
    await this.execute(statement, { _tag: "late" })
  }

  private async execute(statement: Statement, fate: Fate): Promise<void> {
    const { session } = statement
    this.backends.execute(session.connection ??= await this.server(session.server).take(session.kind), statement, fate, this.now)
  }

  /**
   * Waits until each statement that was let through is answered or waits for a lock, and tells the
   * answers.
   */
  private async settle(): Promise<void> {
    for (let answered = await this.backends.answered(); answered.length > 0; answered = await this.backends.answered()) {
      // What is told may end a transaction, and let others on.
      for (const running of answered) await this.tell(running)
    }
  }

  private async tell({ answer, connection, fate, statement }: Running): Promise<void> {
    if (answer === undefined) return
    const { session, text } = statement
    if (Exit.isSuccess(answer)) {
      if (text.startsWith("BEGIN")) session.inTransaction = true
      else if (/^(COMMIT|ROLLBACK)$/.test(text)) session.inTransaction = false
    } else if (text === "COMMIT" && session.inTransaction) {
      await Effect.runPromise(connection.query("rollback", [], false))
      session.inTransaction = false
    }
    const failure = Exit.isFailure(answer) ? answer.cause.reasons.find((reason) => reason._tag === "Fail")?.error : undefined
    const outcome = Exit.isSuccess(answer) ? `${answer.value.rows.length} rows` : failure === undefined ? "?" : sqlState(failure) ?? "?"
    this.note(`${this.nameOf(session)}   ${outcome}`)
    if (fate._tag === "late") return this.end(session)
    if (fate._tag === "unanswered") {
      this.lose(session, undefined)
      return fail(statement)
    }
    if (statement.interrupted !== undefined) return statement.interrupted()
    statement.resume(fate._tag === "refused" && fate.state === "55P03" ? Effect.fail(lockTimeout) : this.asServer(text, answer))
  }

  /** How busy the server is, which a rebuild asks for, is decided here too. */
  private asServer(text: string, answer: Answer): Answer {
    return Exit.isSuccess(answer) && text.includes("pg_stat_activity")
      ? Exit.succeed({ ...answer.value, rows: [{ age: this.isCalm ? null : this.schedule.random.pick([null, 20, 500]) }] })
      : answer
  }

  /** Ends the wait for a lock. */
  private async giveUp(running: Running, state: string): Promise<void> {
    this.note(`${this.nameOf(running.statement.session)}   gives up waiting for a lock`)
    this.isHurt = true
    if (running.fate._tag !== "late") running.fate = { _tag: "refused", state }
    await this.server(running.statement.session.server).cancel(running.connection)
    await running.ended
  }

  /**
   * The process has seen the connection break. The server may yet execute a statement, and notices
   * later.
   */
  private lose(session: Session, late: Statement | undefined): void {
    if (session.isLost) return
    session.isLost = true
    for (const statement of this.waiting.filter((other) => other.session === session)) fail(statement)
    this.waiting = this.waiting.filter((other) => other.session !== session)
    if (late !== undefined) this.late.push(late)
    else if (this.backends.running.every(({ statement }) => statement.session !== session)) this.end(session)
  }

  /** The process has no more use for the connection. */
  private end(session: Session): void {
    if (session.connection !== undefined && session.inTransaction) {
      if (!this.orphans.includes(session)) this.orphans.push(session)
      return
    }
    if (session.isLost || session.isReleased) this.free(session)
  }

  private free(session: Session): void {
    if (session.connection !== undefined) this.server(session.server).giveBack(session.kind, session.connection)
    session.connection = undefined
    this.sessions.delete(session)
  }

  private async notice(session: Session): Promise<void> {
    this.orphans = this.orphans.filter((other) => other !== session)
    this.note(`${this.nameOf(session)} the server notices that the connection is gone`)
    await this.rollBack(session)
  }

  private async rollBack(session: Session): Promise<void> {
    if (session.connection !== undefined && session.inTransaction) {
      await Effect.runPromise(session.connection.query("rollback", [], false))
      session.inTransaction = false
    }
    this.free(session)
  }

  private nameOf(session: Session): string {
    return `${session.process} ${session.server} ${session.kind === "append" ? "append" : "sql"}${session.number}`
  }
}

/** Tells that the connection was lost. */
const fail = ({ interrupted, resume }: Statement): void => interrupted === undefined ? resume(Effect.fail(connectionLost)) : interrupted()

const lockTimeout = new SqlError.SqlError({
  reason: new SqlError.LockTimeoutError({
    cause: Object.assign(new Error("simulated"), { code: "55P03" }),
    message: "canceling statement due to lock timeout",
    operation: "query"
  })
})
