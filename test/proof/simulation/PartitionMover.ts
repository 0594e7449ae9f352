import { homeServer, type PartitionEntry } from "../../../src/partitions/PartitionMap.ts"
import { directoryHolds } from "../../../src/partitions/PartitionSet.ts"
import type { Slice } from "../../../src/values/Slice.ts"
import type { Choice } from "./Schedule.ts"
import type { Server } from "./Server.ts"
import { simulatedLog, spareServer } from "./SimulatedServers.ts"
import type { Action, World } from "./World.ts"

/** Tables that a move copies, besides those that runs write. */
const catalogs = ["projections", "projection_versions"]

/** The number of the partition that a split makes. */
const newPartition = 9

/** What a move waits for after it was noted in the directory, in milliseconds. */
const notice = directoryHolds + 1000

/**
 * Moves a partition to the spare server, or splits it, step by step as the schedule wants: the
 * protocol of docs/partitions.md, with a plain copy of the rows in place of logical replication.
 *
 * 1. The directory says that the partition is moving.
 * 2. After {@link notice}, the source gives up its heads and checkpoints, once no transaction holds
 *    them.
 * 3. The rows are copied.
 * 4. The target is the partition, with the heads and checkpoints, of the next epoch. In a split it
 *    is a new one.
 * 5. The directory names the target.
 *
 * Both keep their rows: a split is not cut. The mover itself is never cut off.
 */
export class PartitionMover {
  private readonly world: World
  readonly entry: PartitionEntry
  private readonly owned: ReadonlyArray<string>
  private readonly isSplit: boolean
  /** The first of the slices that move. */
  private readonly first: Slice
  /** The steps that are done. */
  private step = 0
  private notedAt = 0
  private listener = () => {}
  private heads: ReadonlyArray<string> = []
  private checkpoints: ReadonlyArray<string> = []
  private readonly source: Server
  private readonly target: Server
  private readonly home: Server

  constructor(world: World, { at, entry, owned }: {
    readonly entry: PartitionEntry
    /** The first slice that leaves, if the partition is split. */
    readonly at?: Slice | undefined
    readonly owned: ReadonlyArray<string>
  }) {
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

  /** The next step, if it may be done now. */
  action(): ReadonlyArray<Choice<Action>> {
    const next = this.steps[this.step]
    if (next === undefined || (this.step === 1 && this.world.now - this.notedAt < notice)) return []
    const perform = async () => {
      this.world.isHurt = true
      if (await next.perform()) this.step++
      else this.world.note("  it has to wait")
    }
    return [{
      weight: this.step === 1 ? 1 : 2,
      value: {
        label: `the ${this.isSplit ? "split" : "move"} of partition ${this.entry.partition}: ${next.label}`,
        perform
      }
    }]
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
        // Who waits here would keep the schedule waiting.
        try {
          const taken = await this.source.ask<{ heads: ReadonlyArray<string>; checkpoints: ReadonlyArray<string> }>(`
            with held as materialized (select slice from checkpoints where slice >= ${this.first} for update nowait),
              locked as materialized (
                select slice from slice_heads where slice >= ${this.first} and (select count(*) from held) >= 0 for update nowait
              ),
              ended as (
                delete from checkpoints where slice >= ${this.first} and (select count(*) from locked) >= 0 returning checkpoints::text as row
              ),
              left_behind as (
                delete from slice_heads where slice >= ${this.first} and (select count(*) from locked) >= 0 returning slice_heads::text as row
              )
            select (select json_agg(row) from left_behind) as heads, (select json_agg(row) from ended) as checkpoints`)
          this.heads = taken[0]?.heads ?? []
          this.checkpoints = taken[0]?.checkpoints ?? []
          return true
        } catch {
          return false
        }
      }
    },
    {
      label: "the rows are copied",
      perform: async () => {
        const tables = [...this.owned.filter((name) => name !== "rejected_events"), "tenants", ...catalogs]
        for (const table of tables) await this.put(table, await this.rowsOf(table))
        return true
      }
    },
    {
      label: "the target serves",
      perform: async () => {
        await this.put("slice_heads", this.heads)
        await this.put("checkpoints", this.checkpoints)
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
          return true
        }
        await this.home.ask(`
          update partitions set state = 'serving', server = '${this.target.name}', epoch = epoch + 1
          where partition = ${this.entry.partition}`)
        return true
      }
    }
  ]

  private async rowsOf(table: string): Promise<ReadonlyArray<string>> {
    return (await this.source.ask<{ row: string }>(`select t::text as row from ${table} t`)).map(({ row }) => row)
  }

  private async put(table: string, rows: ReadonlyArray<string>): Promise<void> {
    await this.target.ask(`select set_config('session_replication_role', 'replica', false)`)
    if (catalogs.includes(table)) await this.target.ask(`delete from ${table}`)
    await this.target.ask(
      `insert into ${table} select ((row)::${table}).* from json_array_elements_text($1::json) as of_source (row)`,
      [JSON.stringify(rows)]
    )
    await this.target.ask(`select set_config('session_replication_role', 'origin', false)`)
  }
}
