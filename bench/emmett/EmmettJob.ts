/**
 * What is done with Emmett, on the same events as with the service: those of `traffic` with these
 * options.
 */
export type EmmettJob =
  | {
    readonly do: "append"
    readonly run: string
    readonly users: number
    readonly events: number
    readonly connections: number
    /**
     * Events whose users' events are appended together, an append a user: as many as a request has,
     * or `history` for all that a user has.
     */
    readonly batch: number | "history"
  }
  | {
    readonly do: "rebuild"
    readonly name: string
    readonly kind: "documents" | "rows"
    readonly batchSize: number
  }
