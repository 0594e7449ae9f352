import { type ChildProcess, fork } from "node:child_process"
import type { Readable, Writable } from "node:stream"
import type { FromProcess, OthersAnswer, Question, ToProcess } from "./ProcessMessage.ts"

/** Milliseconds that a question waits for the answers of the others. */
const patience = 2_500

/** The most questions that wait for answers. More are answered at once, by nobody. */
const mostQuestions = 64

/** Milliseconds before a process that died is started again: the first time, and at most. */
const backoff = { least: 100, most: 10_000 }

/** Milliseconds that a process must live for its next death to count as the first. */
const longLife = 60_000

/** The most characters of a line that are kept back until its end comes. */
const longestLine = 1024 * 1024

/** How a process ended: its exit code, or the signal that ended it. */
export interface Ending {
  readonly process: number
  readonly code: number | null
  readonly signal: string | null
}

/** A connection to hand over, as Node's channel takes it. */
type Handle = Parameters<NonNullable<ChildProcess["send"]>>[1]

/** What a {@link Supervisor} needs from those who use it. */
export interface SupervisorHooks {
  /** Settings of the processes that differ from those of the supervisor. */
  readonly settings: Readonly<Record<string, string>>
  /** Hears what a process tells, but for questions and answers. */
  readonly hear: (from: SupervisedProcess, message: FromProcess) => void
  /** A process has ended. `restartIn` is in milliseconds; undefined if it is not started again. */
  readonly ended: (process: SupervisedProcess, ending: Ending, restartIn: number | undefined) => void
  /** What the supervisor itself has measured. */
  readonly measure: () => string
}

/** One of the processes, over all its lives. */
export class SupervisedProcess {
  readonly number: number
  child: ChildProcess | undefined
  isReady = false
  restarts = 0
  started = 0
  delay = backoff.least

  constructor(number: number) {
    this.number = number
  }

  get isAlive(): boolean {
    return this.child !== undefined
  }

  send(message: ToProcess, handle?: Handle): void {
    const { child } = this
    // The other side may have died; what it leaves behind is dealt with when its end is known.
    if (child?.connected === true) child.send(message, handle, { keepOpen: true }, () => {})
  }
}

/** A question on its way, and the answers so far. */
interface OpenQuestion {
  readonly answers: Map<number, string>
  readonly awaited: Set<number>
  readonly end: () => void
}

/**
 * Runs several processes of the service, starts those again that die, and carries questions from
 * one to the others.
 *
 * A process that dies is started again after 100 ms, after twice as long the next time, and at most
 * after 10 s. Each is in a group of its own, so signals to the supervisor's group do not reach it.
 * When the supervisor dies, the channels close, and each process stops.
 */
export class Supervisor {
  readonly processes: ReadonlyArray<SupervisedProcess>
  private readonly hooks: SupervisorHooks
  private readonly questions = new Map<number, OpenQuestion>()
  private readonly timers = new Set<NodeJS.Timeout>()
  private asks = 0
  private isStopping = false

  constructor(count: number, hooks: SupervisorHooks) {
    this.processes = Array.from({ length: count }, (_, index) => new SupervisedProcess(index + 1))
    this.hooks = hooks
  }

  /** Starts all. */
  start(): void {
    for (const one of this.processes) this.startOne(one)
  }

  get alive(): ReadonlyArray<SupervisedProcess> {
    return this.processes.filter(({ isAlive }) => isAlive)
  }

  /** Tells all. */
  tell(message: ToProcess): void {
    for (const one of this.processes) one.send(message)
  }

  /**
   * Tells all how the projections of a partition are doing.
   *
   * If the supervisor leads the partition, the first process that is ready leads what the
   * supervisor leaves to its processes, such as erasures and sweeps. When it has died, the next one
   * does.
   */
  tellStatus({ lead, ...status }: Extract<ToProcess, { readonly _tag: "RunnerStatus" }>): void {
    const first = this.processes.find(({ isReady }) => isReady)
    for (const one of this.processes) one.send({ ...status, lead: one === first ? lead : "Follows" })
  }

  /** Tells all to stop, and starts none again. */
  stop(): void {
    this.isStopping = true
    for (const timer of this.timers) clearTimeout(timer)
    this.tell({ _tag: "Stop" })
  }

  kill(): void {
    for (const { child } of this.processes) child?.kill("SIGKILL")
  }

  private startOne(one: SupervisedProcess): void {
    const [, entry = ""] = process.argv
    const child = fork(entry, ["serve"], {
      detached: true,
      env: { ...process.env, ...this.hooks.settings, PROCESSES: String(this.processes.length), PROCESS_NUMBER: String(one.number) },
      stdio: ["ignore", "pipe", "pipe", "ipc"]
    })
    one.child = child
    one.started = performance.now()
    forwardLines(child.stdout, process.stdout)
    forwardLines(child.stderr, process.stderr)
    child.on("message", (message: FromProcess) => this.hear(one, message))
    child.on("error", () => {})
    // After its last output.
    child.once("close", (code, signal) => this.end(one, { process: one.number, code, signal }))
  }

  private end(one: SupervisedProcess, ending: Ending): void {
    const wasReady = one.isReady
    one.child = undefined
    one.isReady = false
    for (const question of this.questions.values()) this.giveUp(question, one.number)
    if (this.isStopping || (!wasReady && one.restarts === 0)) return this.hooks.ended(one, ending, undefined)
    if (wasReady && performance.now() - one.started > longLife) one.delay = backoff.least
    const { delay } = one
    one.delay = Math.min(delay * 2, backoff.most)
    one.restarts++
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      this.startOne(one)
    }, delay)
    this.timers.add(timer)
    this.hooks.ended(one, ending, delay)
  }

  private hear(one: SupervisedProcess, message: FromProcess): void {
    switch (message._tag) {
      case "Ask":
        return this.ask(one, message.id, message.what)
      case "Answer": {
        const question = this.questions.get(message.id)
        if (question === undefined) return
        question.answers.set(one.number, message.text)
        return this.giveUp(question, one.number)
      }
      case "Ready":
        one.isReady = true
    }
    this.hooks.hear(one, message)
  }

  private giveUp({ awaited, end }: OpenQuestion, process: number): void {
    if (awaited.delete(process) && awaited.size === 0) end()
  }

  private ask(asker: SupervisedProcess, of: number, what: Question): void {
    const others = this.processes.filter((other) => other !== asker)
    const asked = this.questions.size < mostQuestions ? others.filter(({ isReady }) => isReady) : []
    const answers = new Map<number, string>()
    const id = this.asks++
    const end = () => {
      clearTimeout(timer)
      this.questions.delete(id)
      const told: Array<OthersAnswer> = others.map(({ number }) => ({ process: number, text: answers.get(number) }))
      asker.send({ _tag: "Answers", id: of, answers: what === "metrics" ? [...told, { process: 0, text: this.hooks.measure() }] : told })
    }
    const timer = setTimeout(end, patience)
    const question: OpenQuestion = { answers, awaited: new Set(asked.map(({ number }) => number)), end }
    this.questions.set(id, question)
    for (const other of asked) other.send({ _tag: "Question", id, what })
    if (asked.length === 0) end()
  }
}

/**
 * Passes on whole lines, so that lines of several processes are not torn.
 *
 * A line of more than {@link longestLine} characters comes in pieces.
 */
const forwardLines = (from: Readable | null, to: Writable): void => {
  if (from === null) return
  let rest = ""
  from.setEncoding("utf8")
  from.on("data", (chunk: string) => {
    const text = rest + chunk
    const end = text.length > longestLine ? text.length : text.lastIndexOf("\n") + 1
    rest = text.slice(end)
    if (end > 0) to.write(text.slice(0, end))
  })
  from.on("end", () => {
    if (rest !== "") to.write(`${rest}\n`)
  })
}
