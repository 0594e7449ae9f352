import * as Schema from "effect/Schema"

/**
 * A version that cannot be run: its code throws on the sample log, or does something else each time
 * it folds it. `event` is the first event of the log that shows it, by its index; null if it is no
 * single one.
 */
export class FailsOnSampleLog extends Schema.TaggedError<FailsOnSampleLog>("playtally/projections/FailsOnSampleLog")("FailsOnSampleLog", {
  projection: Schema.String,
  version: Schema.Int,
  part: Schema.Literals(["fold", "present"]),
  event: Schema.NullOr(Schema.Struct({ index: Schema.Int, kind: Schema.String })),
  problem: Schema.String
}) {
  override get message(): string {
    const { event, part, problem, projection, version } = this
    const where = event === null ? "" : ` at event ${event.index} (${event.kind}) of sampleLog.ts`
    return `The ${part} of projection ${projection} v${version} fails on the sample log${where}: ${problem}. This version is left out: ` +
      "it is not fed, and its readers get 501 projection-failing. Everything else goes on. " +
      `Mend the ${part} and start again: the version is then fed from where it stopped.`
  }
}
