import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"

/**
 * Runs the fibers of one simulated process when it is told to, in the order in which they became
 * ready, and knows when none is. After {@link kill} none ever runs again: not even finalizers, as
 * after a `kill -9`.
 */
export class StepScheduler implements Scheduler.Scheduler {
  readonly executionMode = "async"
  private tasks: Array<() => void> = []
  private isKilled = false

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return {
      scheduleTask: (task) => {
        if (!this.isKilled) this.tasks.push(task)
      },
      flush: () => {}
    }
  }

  /** Runs what is ready, and what becomes ready by that; false if nothing was. */
  run(): boolean {
    if (this.tasks.length === 0) return false
    while (this.tasks.length > 0) {
      const ready = this.tasks
      this.tasks = []
      for (const task of ready) if (!this.isKilled) task()
    }
    return true
  }

  kill(): void {
    this.isKilled = true
    this.tasks = []
  }
}
