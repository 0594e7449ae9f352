/** Milliseconds of processor time that it takes to find out. */
const sample = 40

/**
 * How many times longer than with a processor of its own this process takes to compute something
 * right now; at least 1. For bounds in milliseconds that must hold while other programs keep the
 * processors busy: they are stretched by what the machine takes, and by nothing else.
 */
export const slowness = (): number => {
  const began = performance.now()
  const before = process.cpuUsage()
  let used = 0
  while (used < sample) {
    const { system, user } = process.cpuUsage(before)
    used = (system + user) / 1000
  }
  return Math.max(1, (performance.now() - began) / used)
}
