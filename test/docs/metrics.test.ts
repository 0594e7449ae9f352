import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { get, postBulk, serve } from "../http/serve.ts"
import { codesIn, describedMetrics, metricsTable } from "../support/service/describedMetrics.ts"
import { readFamilies } from "../support/service/metricFamilies.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
/**
 * The metrics of a process that has stored, read and refused something for a tenant that is shown.
 */
const shown = Effect.gen(function*() {
  const { url } = yield* serve({ settings: { METRICS_TENANTS: "true" } })
  yield* postBulk(url, "[]")
  yield* get(`${url}/api/v1/users/u/counters`)
  return readFamilies((yield* get(`${url}/metrics`)).text)
})

/**
 * Those that a stub of the ingest, a process without a database and one that is alone cannot have.
 */
const onlyElsewhere = [
  "playtally_cluster_leads",
  "playtally_cluster_runners",
  "playtally_log_history",
  "playtally_partition_lag_events",
  "playtally_partition_lag_seconds",
  "playtally_partition_moving",
  "playtally_partition_up",
  "playtally_process_restarts_total",
  "playtally_process_up",
  "playtally_tenant_events_total"
]

describe("docs/metrics.md", () => {
  it.live("describes every metric of /metrics with its type and its labels, and no other", () =>
    Effect.gen(function*() {
      const families = yield* shown
      for (const { help, labels, name, type } of families.values()) {
        assert.deepStrictEqual(describedMetrics.get(name), { type, labels: [...labels].sort() }, name)
        assert.isAbove(help.length, 10, `${name} has no help`)
        assert.match(name, /^(playtally|process)_[a-z_]+$/)
        if (type === "counter") assert.match(name, /_total$/)
        else assert.notMatch(name, /_total$/)
        assert.notMatch(name, /milliseconds|_ms|_kb/)
      }
      const missing = [...describedMetrics.keys()].filter((name) => !families.has(name))
      assert.deepStrictEqual(missing.sort(), onlyElsewhere)
    }))

  it.live("gives a name of today for each former one, and nobody uses a former one any more", () =>
    Effect.gen(function*() {
      const families = yield* shown
      const renamed = metricsTable("Names before 0.2").map(([before, now]) =>
        [codesIn(before)[0] ?? "", codesIn(now)[0]?.replace(/(_count)?(\{.*)?$/, "")] as const
      )
      assert.isAbove(renamed.length, 10)
      for (const [before, now] of renamed) {
        assert.isTrue(families.has(now ?? ""), `${before} is now ${now}, which there is not`)
        assert.isFalse(families.has(before))
      }
      const former = new RegExp(`\\b(${renamed.map(([before]) => before).join("|")})\\b`)
      const texts = ["src", "docs", "test", "bench", "deploy", "scripts"].flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))
      )
      const using = [...texts, "README.md"].filter((name) =>
        /\.(ts|md|mjs|ya?ml|json)$/.test(name) && name !== "docs/metrics.md" && former.test(readFileSync(join(root, name), "utf8"))
      )
      assert.deepStrictEqual(using, [])
    }))
})
