import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { defaultTeardown, type Teardown } from "effect/Runtime"

/** The exit code of a program that ends: being told to stop, and having stopped in good order, is success (design §5). */
export const stopOnSignal: Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : defaultTeardown(exit, onExit)
