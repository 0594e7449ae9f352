import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { sqlState } from "../../../src/database/classifySqlError.ts"
import { bringHeadsBack, forgetHeadsAside, setHeadsAside } from "../../../src/event-log/statements/servedSlices.ts"
import type { Halves } from "../../../src/partitions/moves/cutSplit.ts"
import { homeServer, type PartitionEntry } from "../../../src/partitions/PartitionMap.ts"
import { directoryHolds } from "../../../src/partitions/PartitionSet.ts"
import * as Checkpoints from "../../../src/projections/feed/Checkpoints.ts"
import { keepCounts } from "../../../src/projections/tables/splitCounts.ts"
import { Slice } from "../../../src/values/Slice.ts"
import type { Choice } from "./Schedule.ts"
import type { Server } from "./Server.ts"
import { simulatedLog, spareServer } from "./SimulatedServers.ts"
import { rankedTable } from "./simulatedService.ts"
import type { Action, World } from "./World.ts"

/** Tables that a move copies, besides those that runs write. */
const catalogs = ["projections", "projection_versions"]

/** The number of the partition that a split makes. */
const newPartition = 9

/** The id of the move. */
const moveId = "00000000-0000-4000-8000-00000000000a"

/** What a move waits for after it was noted in the directory, in milliseconds. */
const notice = directoryHolds + 1000

/**
 * Moves a partition to the spare server, or splits it, step by step as the schedule wants: the
 * protocol of docs/partitions.md, with a plain copy of the rows in place of logical replication.
 *
 * 1. The directory says that the partition is moving.
 * 2. After {@link notice}, the source sets its heads and checkpoints aside, once no transaction
 *    holds them.
 * 3. The rows are copied, of one moment.
 * 4. The target is the partition, with the heads and checkpoints, of the next epoch. In a split it
 *    is a new one, and keeps the counts of its rankings.
 * 5. The directory names the target.
 *
 * What sets aside and brings back is the code of the service. Until the target is the partition,
 * the mover may be killed: then the source serves again, and it begins again with the fence. A
 * split is cut afterwards by the code of the service, in one of its processes.
 */
export class PartitionMover {
  private readonly world: World
  readonly entry: PartitionEntry
  private readonly owned: ReadonlyArray<string>
  readonly isSplit: boolean
  /** The first of the slices that move. */
  private readonly first: Slice
  /** The steps that are done. */
  private step = 0
  private notedAt = 0
  private listener = () => {}
  private killsLeft: number
  private readonly sqlOf: (server: Server) => PgClient.PgClient
  private readonly source: Server
  private readonly target: Server
  private readonly home: Server

  constructor(world: World, { at, entry, kills, owned, sqlOf }: {
    readonly entry: PartitionEntry
    /** The first slice that leaves, if the partition is split. */
    readonly at?: Slice | undefined
    readonly owned: ReadonlyArray<string>
    /** How often it may be killed. */
    readonly kills: number
    /** A client beside what is simulated. */
    readonly sqlOf: (server: Server) => PgClient.PgClient
  }) {
    this.killsLeft = kills
    this.sqlOf = sqlOf
    this.world = world
    this.isSplit = at !== undefined
    this.first = at ?? entry.first
    this.entry = entry
    this.owned = owned
    this.source = world.server(entry.server)
    this.target = world.server(spareServer)
    this.home = world.server(homeServer)
  }

  /** Has something happen when the move is noted. */
  onNoted(listener: () => void): void {
    this.listener = listener
  }

  /** Whether the source serves the partition no more. */
  get isFenced(): boolean {
    return this.step >= 2
  }

  get isDone(): boolean {
    return this.step === this.steps.length
  }

  /** The server that serves a slice of the partition, or will next. */
  serverOf(slice: number): Server {
    return this.step < 4 || slice < this.first ? this.source : this.target
  }

  /** The databases of a split, by clients of a process. */
  halves(clientOf: (server: string) => PgClient.PgClient): Halves {
    const { epoch, first, last, partition } = this.entry
    return {
      move: moveId,
      stayed: {
        sql: clientOf(this.source.name),
        identity: { log: simulatedLog, partition, epoch },
        others: { first: this.first, last }
      },
      left: {
        sql: clientOf(this.target.name),
        identity: { log: simulatedLog, partition: newPartition, epoch: 1 },
        others: { first, last: Slice(this.first - 1) }
      }
    }
  }

  /** Says that each half ranks its own users alone. */
  readonly endShrinking = (home: PgClient.PgClient) => home`update partitions set state = 'serving' where state = 'shrinking'`

  /** What may be done now: the next step, or to be killed. */
  action(): ReadonlyArray<Choice<Action>> {
    const next = this.steps[this.step]
    if (next === undefined || (this.step === 1 && this.world.now - this.notedAt < notice)) return []
    const perform = async () => {
      this.world.isHurt = true
      if (await next.perform()) this.step++
      else this.world.note("  it has to wait")
    }
    const name = `the ${this.isSplit ? "split" : "move"} of partition ${this.entry.partition}`
    const isKillable = this.killsLeft > 0 && (this.step === 2 || this.step === 3)
    return [
      { weight: this.step === 1 ? 1 : 2, value: { label: `${name}: ${next.label}`, perform } },
      ...isKillable ? [{ weight: 1, value: { label: `${name} is killed, and the source serves again`, perform: this.goBack } }] : []
    ]
  }

  private readonly goBack = async () => {
    this.killsLeft--
    const source = this.sqlOf(this.source)
    await Effect.runPromise(source.withTransaction(Effect.andThen(bringHeadsBack(source), Checkpoints.bringBack(source))))
    for (const table of this.copied) await this.asReplica(`delete from ${table}`)
    this.step = 1
  }

  private readonly steps = [
    {
      label: "it is noted",
      perform: async () => {
        await this.home.ask(`update partitions set state = 'moving' where partition = ${this.entry.partition}`)
        if (this.isSplit) {
          // No activation is of one half alone.
          await this.source.ask("insert into partition_fence (move, mover, target) values (gen_random_uuid(), 1, 'spare')")
        }
        this.notedAt = this.world.now
        this.listener()
        return true
      }
    },
    {
      label: "the fence",
      perform: async () => {
        const sql = this.sqlOf(this.source)
        const range = { first: this.first, last: this.entry.last }
        return Effect.runPromise(
          sql.withTransaction(Effect.gen(function*() {
            // Who waits here would keep the schedule waiting.
            yield* sql`select set_config('lock_timeout', '1ms', true)`
            yield* Checkpoints.setAside(sql, range)
            yield* setHeadsAside(sql, range)
            return true
          })).pipe(Effect.catchIf(isLocked, () => Effect.succeed(false)))
        )
      }
    },
    {
      label: "the rows are copied",
      perform: async () => {
        for (const table of this.copied) await this.put(table, await this.rowsOf(table))
        return true
      }
    },
    {
      label: "the target serves",
      perform: async () => {
        const sql = this.sqlOf(this.target)
        const serving = Effect.andThen(bringHeadsBack(sql), Checkpoints.bringBack(sql))
        const counting = this.isSplit ? keepCounts(sql, { move: moveId, rankings: [rankedTable] }) : Effect.void
        await Effect.runPromise(sql.withTransaction(Effect.andThen(counting, serving)))
        await this.target.ask(`
          insert into partition_identity (log, partition, epoch)
          values ('${simulatedLog}', ${this.isSplit ? newPartition : this.entry.partition}, ${this.isSplit ? 1 : this.entry.epoch + 1})`)
        if (!this.isSplit) await this.source.ask("update partition_identity set partition = null, epoch = 0")
        return true
      }
    },
    {
      label: "the directory names the target",
      perform: async () => {
        if (this.isSplit) {
          const { last, partition } = this.entry
          await this.home.ask(`
            with kept as (update partitions set state = 'shrinking', last_slice = ${this.first - 1} where partition = ${partition})
            insert into partitions (partition, first_slice, last_slice, server, epoch, state)
            values (${newPartition}, ${this.first}, ${last}, '${this.target.name}', 1, 'shrinking')`)
          await this.source.ask("delete from partition_fence")
          const source = this.sqlOf(this.source)
          await Effect.runPromise(Effect.andThen(forgetHeadsAside(source), Checkpoints.forgetAside(source)))
          return true
        }
        await this.home.ask(`
          update partitions set state = 'serving', server = '${this.target.name}', epoch = epoch + 1
          where partition = ${this.entry.partition}`)
        return true
      }
    }
  ]

  /** The tables that are copied. */
  private get copied(): ReadonlyArray<string> {
    return [...this.owned.filter((name) => name !== "rejected_events"), "tenants", ...catalogs]
  }

  private async rowsOf(table: string): Promise<ReadonlyArray<string>> {
    return (await this.source.ask<{ row: string }>(`select t::text as row from ${table} t`)).map(({ row }) => row)
  }

  private async put(table: string, rows: ReadonlyArray<string>): Promise<void> {
    const [made] = await this.target.ask<{ columns: string }>(
      `select string_agg(quote_ident(attname), ', ') as columns from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table]
    )
    if (catalogs.includes(table)) await this.asReplica(`delete from ${table}`)
    await this.asReplica(
      `insert into ${table} (${made?.columns}) select ${made?.columns} from (
        select ((row)::${table}).* from json_array_elements_text($1::json) as of_source (row)
      ) as r`,
      [JSON.stringify(rows)]
    )
  }

  /** Changes the target as its subscription does, without triggers. */
  private async asReplica(statement: string, params: ReadonlyArray<unknown> = []): Promise<void> {
    await this.target.ask(`select set_config('session_replication_role', 'replica', false)`)
    await this.target.ask(statement, params)
    await this.target.ask(`select set_config('session_replication_role', 'origin', false)`)
  }
}

/** Whether somebody holds a lock that was not waited for. */
const isLocked = (error: SqlError.SqlError): boolean => sqlState(error) === "55P03" || sqlState(error) === "40P01"
