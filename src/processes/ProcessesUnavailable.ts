import * as Schema from "effect/Schema"

/** The runtime cannot run several processes on one port. `message` says what to do. */
export class ProcessesUnavailable
  extends Schema.TaggedError<ProcessesUnavailable>("playtally/processes/ProcessesUnavailable")("ProcessesUnavailable", {
    message: Schema.String
  })
{}

/** Why this runtime cannot run so many processes; undefined if it can. */
export const whyNotProcesses = (processes: number): ProcessesUnavailable | undefined =>
  processes === 1 || process.versions["deno"] === undefined ? undefined : new ProcessesUnavailable({
    message:
      `PROCESSES is ${processes}, and Deno cannot hand a connection to another process. Use Node, or start several processes with ports of their own.`
  })
