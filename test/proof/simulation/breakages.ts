/** A way to break the service, as a change of its source: the simulation must find each. */
export interface Breakage {
  readonly name: string
  readonly file: string
  /** What stands there once, and what is to stand there. */
  readonly edits: ReadonlyArray<readonly [from: string, to: string]>
  /** Whether only a split shows it. */
  readonly isOfSplits?: true
}

export const breakages: ReadonlyArray<Breakage> = [
  {
    name: "a transaction that loses its connection is a defect",
    file: "src/database/failingTransactions.ts",
    edits: [["Effect.fail(lost.defect)", "Effect.failCause(cause)"]]
  },
  {
    name: "the second of two equal events of one append is told what the first is told",
    file: "src/event-log/append/PendingEvent.ts",
    edits: [["repeat.outcome = outcomeOfRepeat(repeat.event, repeat.first)", "repeat.outcome = repeat.first.outcome"]]
  },
  {
    name: "rows are written apart from their checkpoints",
    file: "src/projections/feed/feedProjection.ts",
    edits: [[
      "import * as Effect from \"effect/Effect\"\n",
      "import * as Effect from \"effect/Effect\"\nimport * as Context from \"effect/Context\"\n"
    ], [
      "  if (!oneByOne) yield* foldAndWrite(store, feeding, parkUser)\n",
      "  if (!oneByOne) yield* foldAndWrite(store, { ...feeding, sql }, parkUser)\n"
    ], [
      "  yield* store.write(changes, { isNew: feeding.isNew })\n",
      "  yield* Effect.updateContext(store.write(changes, { isNew: feeding.isNew }), Context.omit(feeding.sql.transactionService))\n"
    ]]
  },
  {
    name: "a user is parked for a failure that passes",
    file: "src/projections/feed/feedProjection.ts",
    edits: [["  classifySqlError(error)._tag !== \"Transient\" && !", "  !"]]
  },
  {
    name: "an erasure does not hold the checkpoints",
    file: "src/erasure/erasureSteps.ts",
    edits: [["    yield* Checkpoints.holdSliceAndRaise(sql, slice)\n", ""]]
  },
  {
    name: "a feed folds what the log still has of a user who is being erased",
    file: "src/event-log/statements/unfinishedErasures.ts",
    edits: [["    users.length === 0\n", "    users.length < 1_000_000\n"]]
  },
  {
    name: "an activation does not hold the checkpoints",
    file: "src/projections/feed/Checkpoints.ts",
    edits: [["      order by slice, projection, version\n      for update`", "      order by slice, projection, version`"]]
  },
  {
    name: "an append that was not answered is taken for done",
    file: "src/event-log/append/appendEvents.ts",
    edits: [[
      "if (result.failure._tag === \"EventLogUnavailable\") return yield* result.failure\n",
      ""
    ], [
      "      return yield* new EventLogUnavailable({ cause: result.failure })\n",
      "      for (const pending of batch) pending.outcome = { _tag: \"Appended\", position: 1 }\n      return\n"
    ]]
  },
  {
    name: "an append that the unique key refused is not run again with a look-up",
    file: "src/event-log/append/appendEvents.ts",
    edits: [["const looksUp = run > 0 ||", "const looksUp ="]]
  },
  {
    name: "an append does not lock the heads of its slices",
    file: "src/event-log/statements/appendStatement.ts",
    edits: [["      order by slice\n      for update\n", "      order by slice\n"]]
  },
  {
    name: "an append does not ask for erasures that it has not heard of",
    file: "src/event-log/statements/appendStatement.ts",
    edits: [[" and clock.erasure <= ${known}\n", "\n"]]
  },
  {
    name: "a processor that is passivated forgets what came meanwhile",
    file: "src/ingest/UserProcessor.ts",
    edits: [["    this.isWorking = this.mailbox.length > 0\n", "    this.isWorking = !this.isWorking\n"]]
  },
  {
    name: "a batch is answered with the outcomes of its first append",
    file: "src/ingest/SliceWriters.ts",
    edits: [["    start += append.events.length\n", ""]]
  },
  {
    name: "a chunk does not lock its checkpoints",
    file: "src/projections/feed/Checkpoints.ts",
    edits: [["      for update skip locked`\n", "`\n"]]
  },
  {
    name: "a chunk folds what another version has folded before",
    file: "src/projections/feed/feedChunk.ts",
    edits: [["      if (position <= checkpoint) continue\n", ""]]
  },
  {
    name: "an activation does not look whether the version is behind",
    file: "src/projections/versions/activateVersion.ts",
    edits: [["if (behind.length > 0)", "if (behind.length > 1_000_000)"]]
  },
  {
    name: "a reading is no transaction",
    file: "src/counters/ConsistentReads.ts",
    edits: [["\"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY\"", "\"BEGIN READ ONLY\""]]
  },
  {
    name: "an append does not miss the head of a slice that has moved",
    file: "src/event-log/statements/appendStatement.ts",
    edits: [["count(*) = ${countSlices(events)}::int as is_served", "true as is_served"]]
  },
  {
    name: "a partition is not asked whether it served what was read from it",
    file: "src/partitions/PartitionSet.ts",
    edits: [["this.isCertain(place) ? Effect.void : stillServed(place)", "Effect.void"]]
  },
  {
    name: "the results of several partitions come in the order of the partitions",
    file: "src/partitions/PartitionSet.ts",
    edits: [["results[index] = known(exit.value[at], \"result of an item\")", "results.push(known(exit.value[at], \"result of an item\"))"]]
  },
  {
    name: "a tenant is not copied to the partitions of its users",
    file: "src/partitions/spreadIngestion.ts",
    edits: [["partitions.isAtHome ? process(mail) : Effect.andThen(inLog(knowTenants(mail)), process(mail))", "process(mail)"]]
  },
  {
    name: "a fence does not set the checkpoints aside",
    file: "src/projections/feed/Checkpoints.ts",
    edits: [["insert into fenced_checkpoints select * from checkpoints where slice between ${first} and ${last}`", "select 1`"]]
  },
  {
    name: "a half goes on serving a slice of the other",
    file: "src/event-log/statements/servedSlices.ts",
    edits: [[
      "delete from slice_heads where slice between ${first} and ${last}`",
      "delete from slice_heads where slice between ${first + 1} and ${last}`"
    ]],
    isOfSplits: true
  },
  {
    name: "a half keeps rows of a slice of the other",
    file: "src/projections/versions/userTables.ts",
    edits: [["return range.first <= slice && slice <= range.last", "return range.first <= slice && slice < range.last"]],
    isOfSplits: true
  },
  {
    name: "a half keeps no counts of its rankings at the fence",
    file: "src/projections/tables/splitCounts.ts",
    edits: [["b.from_user, b.users from ${found.buckets}", "b.from_user, 0 from ${found.buckets}"]],
    isOfSplits: true
  },
  {
    name: "a half subtracts users whom it has removed",
    file: "src/projections/tables/splitCounts.ts",
    edits: [["set others = s.others - f.users from", "set others = s.others from"]],
    isOfSplits: true
  },
  {
    name: "a half does not subtract the others before a place in its bucket",
    file: "src/projections/tables/readHalfRanking.ts",
    edits: [["row.users.filter((userId) => !isOwn(userId)).length", "0"]],
    isOfSplits: true
  },
  {
    name: "a half shows users of the other",
    file: "src/projections/tables/readHalfRanking.ts",
    edits: [["users.filter(({ userId }) => isOwn(userId))", "users"]],
    isOfSplits: true
  },
  {
    name: "a half is told again what both ranked at the fence",
    file: "src/partitions/moves/cutSplit.ts",
    edits: [["(has) => has ? Effect.void : tell", "(has) => has ? tell : tell"]],
    isOfSplits: true
  }
]
