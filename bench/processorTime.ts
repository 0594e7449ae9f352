import { readdirSync, readFileSync } from "node:fs"

/** Linux counts processor time in hundredths of a second. */
const microsPerTick = 10_000

interface Times {
  readonly parent: number
  /** Of the process itself. */
  readonly own: number
  /** Of its children that have ended. */
  readonly ended: number
}

/** What `/proc` says of a process; undefined if it has ended. */
const timesOf = (pid: number): Times | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name, which may contain anything, ends with the last bracket.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number)
    const [parent = NaN, user = NaN, system = NaN, endedUser = NaN, endedSystem = NaN] = [1, 11, 12, 13, 14].map((at) => fields[at])
    return { parent, own: (user + system) * microsPerTick, ended: (endedUser + endedSystem) * microsPerTick }
  } catch {
    return undefined
  }
}

/** A process and all that descend from it, itself first; needs `/proc`, so Linux. */
export const processTree = (root: number): ReadonlyArray<number> => {
  const parents = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const times = timesOf(Number(name))
    return times === undefined ? [] : [[Number(name), times.parent] as const]
  })
  const tree = [root]
  // The array grows while it is gone through.
  for (const parent of tree) tree.push(...parents.flatMap(([pid, its]) => its === parent ? [pid] : []))
  return tree
}

/**
 * Processor time in µs that a process and its descendants have used since they were started, those
 * that have ended included.
 */
export const processorTime = (root: number): number =>
  processTree(root).reduce((sum, pid) => {
    const times = timesOf(pid)
    return times === undefined ? sum : sum + times.own + times.ended
  }, 0)

/** Whether this machine tells it. */
export const tellsProcessorTime = process.platform === "linux"
