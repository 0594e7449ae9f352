/**
 * How many partitions the logs of a test file have, in a run with TEST_PARTITIONS.
 *
 * The notes of a file whose databases are not those of the tests stay empty.
 */
export interface PartitionNotes {
  /** Logs that have as many partitions as the run asks for. */
  spread: number
  /** Logs made for that number, of which nobody has asked where the other databases are. */
  untold: number
  /** Why a log is of one partition. */
  readonly ofOne: Array<string>
  /** Numbers that the file chooses itself. */
  readonly chosen: Array<number>
}

declare module "vitest" {
  export interface TaskMeta {
    partitionNotes?: PartitionNotes
  }
}

const newNotes = (): PartitionNotes => ({ spread: 0, untold: 0, ofOne: [], chosen: [] })

let notes = newNotes()

/** Notes from now on what another file does, and gives its notes. */
export const noteForFile = (): PartitionNotes => notes = newNotes()

/** Says why a file is of one partition. */
export const noteOfOne = (why: string): void => {
  if (!notes.ofOne.includes(why)) notes.ofOne.push(why)
}

/** Notes a number that a file chooses itself. */
export const noteChosen = (count: number): void => {
  if (!notes.chosen.includes(count)) notes.chosen.push(count)
}

/**
 * Notes a log of the run's number of partitions. Call the answer when somebody asks where its
 * databases are: a log whose settings nobody reads is of one partition.
 */
export const noteLog = (): () => void => {
  const own = notes
  let isTold = false
  own.untold++
  return () => {
    if (isTold) return
    isTold = true
    own.untold--
    own.spread++
  }
}
