/** Work in steps, with turns for other work in between. It ends with its result. */
export type Steps<A> = Generator<void, A>

/** Takes all steps at once. */
export const finish = <A>(steps: Steps<A>): A => {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
