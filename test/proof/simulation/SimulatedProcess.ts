import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { Schedule } from "./Schedule.ts"
import { StepScheduler } from "./StepScheduler.ts"

/**
 * One process of the service: its fibers, on a scheduler and a `TestClock` of their own, until it
 * crashes.
 */
export class SimulatedProcess<R> {
  readonly name: string
  private readonly scheduler = new StepScheduler()
  private readonly clock: TestClock.TestClock
  /** What the process's layers have built, once they have. */
  services: Context.Context<R> | undefined
  /** Crashed. */
  isGone = false
  private readonly surroundings: Context.Context<never>

  constructor(name: string, schedule: Schedule, now: number) {
    this.name = name
    this.clock = Effect.runSync(Scope.provide(TestClock.make(), Scope.makeUnsafe()))
    const log = Logger.make(({ message }) => schedule.note(`  ${name} logs: ${[message].flat().map(String).join(" ").slice(0, 120)}`))
    this.surroundings = Context.make(Clock.Clock, this.clock).pipe(
      Context.add(Scheduler.Scheduler, this.scheduler),
      Context.add(Logger.CurrentLoggers, new Set([log]))
    )
    this.goTo(now)
  }

  /** Runs what is ready; false if nothing was. */
  step(): boolean {
    return this.scheduler.run()
  }

  /** Moves the clock on, and wakes who has slept long enough. */
  goTo(now: number): void {
    Effect.runForkWith(this.surroundings)(this.clock.setTime(now))
    this.step()
  }

  start<E>(layer: Layer.Layer<R, E>, onExit: (exit: Exit.Exit<Context.Context<R>, E>) => void): void {
    this.fork(Layer.buildWithScope(layer, Scope.makeUnsafe()), (exit) => {
      if (exit._tag === "Success") this.services = exit.value
      onExit(exit)
    })
  }

  /** Runs something with the process's services. */
  run<A, E>(effect: Effect.Effect<A, E, R>, onExit: (exit: Exit.Exit<A, E>) => void): Fiber.Fiber<A, E> {
    if (this.services === undefined) throw new Error(`${this.name} is not up`)
    return this.fork(Effect.provideContext(effect, this.services), onExit)
  }

  private fork<A, E>(effect: Effect.Effect<A, E>, onExit: (exit: Exit.Exit<A, E>) => void): Fiber.Fiber<A, E> {
    const fiber = Effect.runForkWith(this.surroundings)(effect)
    fiber.addObserver((exit) => {
      if (!this.isGone) onExit(exit)
    })
    return fiber
  }

  /** Ends the process without a word. Its connections are the server's to notice. */
  crash(): void {
    this.isGone = true
    this.scheduler.kill()
  }
}
