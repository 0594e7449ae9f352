import { assert, describe, it } from "@effect/vitest"
import { mergeMetrics } from "../../src/processes/mergeMetrics.ts"
import { readFamilies } from "../support/service/metricFamilies.ts"

const first = `# HELP playtally_a_total how often
# TYPE playtally_a_total counter
playtally_a_total{kind="x, y",outcome="}"} 3
# HELP playtally_b seconds
# TYPE playtally_b histogram
playtally_b_bucket{le="1"} 2
playtally_b_bucket{le="+Inf"} 2
playtally_b_sum 1.5
playtally_b_count 2
# HELP playtally_c of the first alone
# TYPE playtally_c gauge
playtally_c NaN
`

const second = first.replace(/# HELP playtally_c[^]*/, "").replace(" 3\n", " 5\n")

describe("mergeMetrics", () => {
  it("keeps each sample, with the number of its process, behind what is said of its metric once", () => {
    const merged = mergeMetrics([{ process: 1, text: first }, { process: 2, text: second }])
    assert.strictEqual(
      merged,
      `# HELP playtally_a_total how often
# TYPE playtally_a_total counter
playtally_a_total{process="1",kind="x, y",outcome="}"} 3
playtally_a_total{process="2",kind="x, y",outcome="}"} 5
# HELP playtally_b seconds
# TYPE playtally_b histogram
playtally_b_bucket{process="1",le="1"} 2
playtally_b_bucket{process="1",le="+Inf"} 2
playtally_b_sum{process="1"} 1.5
playtally_b_count{process="1"} 2
playtally_b_bucket{process="2",le="1"} 2
playtally_b_bucket{process="2",le="+Inf"} 2
playtally_b_sum{process="2"} 1.5
playtally_b_count{process="2"} 2
# HELP playtally_c of the first alone
# TYPE playtally_c gauge
playtally_c{process="1"} NaN
`
    )
    assert.strictEqual(readFamilies(merged).size, 3)
  })

  it("leaves a label of the same name as it is", () => {
    const told = "# TYPE playtally_process_up gauge\nplaytally_process_up{process=\"2\"} 1\n"
    assert.strictEqual(mergeMetrics([{ process: 0, text: told }]), told)
  })
})
