/** Work in steps: after each of them others may have a turn. It ends with its result. */
export type Steps<A> = Generator<void, A>

/** Does all the steps in one go. */
export const finish = <A>(steps: Steps<A>): A => {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
