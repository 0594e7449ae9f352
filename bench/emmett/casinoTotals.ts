import type { Dumbo, EmmettEvent, EmmettPostgres, EmmettProjection } from "./EmmettApi.ts"

/** Bets and wins of a user in a currency: how many, and their sum. */
interface Totals {
  readonly bets: number
  readonly bet_amount: number
  readonly wins: number
  readonly win_amount: number
}

const canHandle = ["realtime-casino"]
const nothing: Totals = { bets: 0, bet_amount: 0, wins: 0, win_amount: 0 }
const idOf = ({ data }: EmmettEvent) => `${String(data["user_id"])} ${String(data["currency"])}`

const evolve = (totals: Totals, { data }: EmmettEvent): Totals => {
  const amount = Number(data["amount"])
  return data["type"] === "bet"
    ? { ...totals, bets: totals.bets + 1, bet_amount: totals.bet_amount + amount }
    : { ...totals, wins: totals.wins + 1, win_amount: totals.win_amount + amount }
}

/**
 * The projection as Emmett's guide makes one over several streams: a document each in Pongo,
 * evolved event by event.
 */
export const documents = (emmett: EmmettPostgres, collectionName: string): EmmettProjection =>
  emmett.pongoMultiStreamProjection<Totals>({ collectionName, canHandle, getDocumentId: idOf, initialState: () => nothing, evolve })

/**
 * The fastest that Emmett offers: what it hands over, added up in memory and written by one
 * statement of one's own. In this version a projector hands over one event at a time, so that it is
 * a statement an event, but without reading a document first.
 */
export const rows = (emmett: EmmettPostgres, { rawSql, sql }: Dumbo, name: string): EmmettProjection =>
  emmett.postgreSQLRawBatchSQLProjection({
    name,
    canHandle,
    init: () =>
      rawSql(
        `create table if not exists ${name} (_id text primary key, bets bigint, bet_amount numeric, wins bigint, win_amount numeric)`
      ),
    evolve: (events) => {
      const batch = new Map<string, Totals>()
      for (const event of events) {
        const id = idOf(event)
        batch.set(id, evolve(batch.get(id) ?? nothing, event))
      }
      if (batch.size === 0) return []
      const added = [...batch].map(([_id, totals]) => ({ _id, ...totals }))
      return [sql(
        `insert into ${name} as t select * from json_populate_recordset(null::${name}, %L::json)
         on conflict (_id) do update set bets = t.bets + excluded.bets, bet_amount = t.bet_amount + excluded.bet_amount,
           wins = t.wins + excluded.wins, win_amount = t.win_amount + excluded.win_amount`,
        JSON.stringify(added)
      )]
    }
  })
