/*
 * As much of Emmett 0.42 and what it is built on as the benchmark uses. Their own types are there
 * only where the packages are installed, and they are not part of this project's packages.
 */

export interface EmmettEvent {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface EmmettStore {
  readonly appendToStream: (stream: string, events: ReadonlyArray<EmmettEvent>) => Promise<unknown>
  readonly schema: { readonly migrate: () => Promise<unknown> }
  readonly close: () => Promise<void>
}

/** What a projection is made by, opaque here. */
export type EmmettProjection = { readonly emmettProjection: true }
export type EmmettSql = { readonly emmettSql: true }

export interface EmmettPostgres {
  readonly getPostgreSQLEventStore: (url: string, options: { readonly connectionOptions: { readonly pool: unknown } }) => EmmettStore
  readonly pongoMultiStreamProjection: <Document>(options: {
    readonly collectionName: string
    readonly canHandle: ReadonlyArray<string>
    readonly getDocumentId: (event: EmmettEvent) => string
    readonly initialState: () => Document
    readonly evolve: (document: Document, event: EmmettEvent) => Document
  }) => EmmettProjection
  readonly postgreSQLRawBatchSQLProjection: (options: {
    readonly name: string
    readonly canHandle: ReadonlyArray<string>
    readonly init: () => EmmettSql
    readonly evolve: (events: ReadonlyArray<EmmettEvent>) => ReadonlyArray<EmmettSql>
  }) => EmmettProjection
  readonly rebuildPostgreSQLProjections: (options: {
    readonly connectionString: string
    readonly pulling: { readonly batchSize: number; readonly pullingFrequencyInMs: number }
    readonly projections: ReadonlyArray<EmmettProjection>
  }) => { readonly start: () => Promise<void>; readonly close: () => Promise<void> }
}

export interface Dumbo {
  readonly rawSql: (statement: string) => EmmettSql
  readonly sql: (statement: string, ...parameters: ReadonlyArray<unknown>) => EmmettSql
}

export interface PgPool {
  readonly query: (statement: string) => Promise<{ readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>> }>
  readonly end: () => Promise<void>
}

export interface Pg {
  readonly default: { readonly Pool: new(options: { readonly connectionString: string; readonly max: number }) => PgPool }
}
