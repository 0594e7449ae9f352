import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import type { FromProcess, OthersAnswer, Question, ToProcess } from "./ProcessMessage.ts"

/** Milliseconds in which the supervisor must answer. It waits less for the other processes. */
const patience = 3_000

/** The most characters of an answer that a process gives to another. */
const longestAnswer = 4 * 1024 * 1024

type Tag = ToProcess["_tag"]
type Message<T extends Tag> = Extract<ToProcess, { readonly _tag: T }>

/**
 * The link of one of several processes to its supervisor, by Node's channel between the two.
 *
 * A message to a supervisor that has gone is dropped: the process is about to stop then.
 */
export class SupervisorLink {
  /** The number of this process, from 1 on. */
  readonly process: number
  private readonly listeners = new Map<Tag, Set<(message: ToProcess, socket: Socket | undefined) => void>>()
  private readonly answerers = new Map<Question, () => Promise<string>>()
  private readonly asked = new Map<number, (answers: ReadonlyArray<OthersAnswer> | undefined) => void>()
  private asks = 0

  constructor(number: number) {
    this.process = number
    process.on("message", (message: ToProcess, socket) => this.hear(message, socket as Socket | undefined))
    this.listen("Answers", ({ answers, id }) => this.asked.get(id)?.(answers))
    this.listen("Question", ({ id, what }) => {
      this.answerers.get(what)?.().then(
        (text) => text.length <= longestAnswer && this.send({ _tag: "Answer", id, text }),
        () => {}
      )
    })
  }

  /** Whether the supervisor is there. */
  get isOpen(): boolean {
    return process.connected
  }

  send(message: FromProcess): void {
    if (this.isOpen) process.send?.(message, undefined, undefined, () => {})
  }

  /**
   * Adds what hears the messages of a kind, and gives what takes it away again. Messages of a kind
   * that nobody hears are dropped.
   */
  listen<T extends Tag>(tag: T, listener: (message: Message<T>, socket: Socket | undefined) => void): () => void {
    const hearing = this.listeners.get(tag) ?? new Set()
    this.listeners.set(tag, hearing)
    const one = (message: ToProcess, socket: Socket | undefined) => listener(message as Message<T>, socket)
    hearing.add(one)
    return () => hearing.delete(one)
  }

  /** Calls back when the supervisor has gone. */
  onLost(act: () => void): void {
    if (this.isOpen) process.once("disconnect", act)
    else act()
  }

  /** Sets how this process answers a question of another one. */
  answer(what: Question, make: () => Promise<string>): void {
    this.answerers.set(what, make)
  }

  /**
   * Asks all others, and gives an answer for each; undefined if the supervisor does not answer.
   *
   * It waits three seconds at most.
   */
  ask(what: Question): Effect.Effect<ReadonlyArray<OthersAnswer> | undefined> {
    return Effect.callback((resume) => {
      const id = this.asks++
      const end = (answers: ReadonlyArray<OthersAnswer> | undefined) => {
        clearTimeout(timer)
        this.asked.delete(id)
        resume(Effect.succeed(answers))
      }
      const timer = setTimeout(end, patience, undefined)
      this.asked.set(id, end)
      this.send({ _tag: "Ask", id, what })
      return Effect.sync(() => {
        clearTimeout(timer)
        this.asked.delete(id)
      })
    })
  }

  private hear(message: ToProcess, socket: Socket | undefined): void {
    for (const listener of this.listeners.get(message._tag) ?? []) listener(message, socket)
  }
}

/** The link to the supervisor; undefined in a process that runs the service alone. */
export const OwnSupervisor = Context.Reference<SupervisorLink | undefined>("playtally/processes/OwnSupervisor", {
  defaultValue: () => undefined
})
