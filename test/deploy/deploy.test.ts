import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type DescribedMetric, describedMetrics } from "../support/service/describedMetrics.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const textOf = (path: string) => readFileSync(join(root, path), "utf8")

/** Prometheus' own, which every target has. */
const ownLabels = ["job", "instance"]

/** What an expression names that there is not: a metric, a label of it, or a value's label. */
const unknownIn = (expression: string, metrics: ReadonlyMap<string, DescribedMetric>): ReadonlyArray<string> => {
  const unknown: Array<string> = []
  const labels = new Set(ownLabels)
  const withoutTexts = expression.replaceAll(/"[^"]*"/g, "\"\"")
  for (const [, name = "", selectors = ""] of withoutTexts.matchAll(/\b((?:playtally|process|up|nodejs)\w*)\b(?:\{([^}]*)\})?/g)) {
    if (name === "up") continue
    const series = /^(.+)_(bucket|sum|count)$/.exec(name)
    const histogram = series === null ? undefined : metrics.get(series[1] ?? "")
    const metric = histogram?.type === "histogram" ? histogram : metrics.get(name)
    if (metric === undefined || (metric.type === "histogram") !== (metric === histogram)) {
      unknown.push(name)
      continue
    }
    const own = [...metric.labels, ...series?.[2] === "bucket" ? ["le"] : []]
    for (const label of own) labels.add(label)
    for (const [, label = ""] of selectors.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
      if (![...own, ...ownLabels].includes(label)) unknown.push(`${name}{${label}}`)
    }
  }
  for (const [, list = ""] of withoutTexts.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g)) {
    for (const label of list.split(",").map((part) => part.trim())) if (!labels.has(label)) unknown.push(`by (${label})`)
  }
  return unknown
}

interface Alert {
  readonly name: string
  readonly fields: Readonly<Record<string, string>>
}

const alerts: ReadonlyArray<Alert> = textOf("deploy/prometheus/alerts.yml").split(/^ {6}- alert: /m).slice(1).map((text) => ({
  name: text.slice(0, text.indexOf("\n")),
  fields: Object.fromEntries(
    [...text.matchAll(/^ +(\w+): (?:'(.*)'|(\S+))$/gm)].map((
      [, key = "", quoted, plain]
    ) => [key, quoted?.replaceAll("''", "'") ?? plain ?? ""])
  )
}))

interface Panel {
  readonly title: string
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
}
const dashboard = JSON.parse(textOf("deploy/grafana/playtally.json")) as { readonly panels: ReadonlyArray<Panel> }
const targets = dashboard.panels.flatMap(({ targets = [], title }) => targets.map((target) => ({ title, ...target })))

/** The anchor of a heading as GitHub makes it. */
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(/[^\w\s-]/g, "").trim().replaceAll(/\s/g, "-")

describe("deploy/", () => {
  it("names only metrics and labels that there are, in every rule and every panel", () => {
    assert.isAbove(alerts.length, 20)
    assert.isAbove(targets.length, 25)
    for (const { fields, name } of alerts) assert.deepStrictEqual(unknownIn(fields["expr"] ?? "nothing", describedMetrics), [], name)
    for (const { expr, legendFormat, title } of targets) {
      assert.match(expr, /playtally_|process_/)
      assert.deepStrictEqual(unknownIn(expr, describedMetrics), [], title)
      for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        assert.include([...ownLabels, ...[...describedMetrics.values()].flatMap(({ labels }) => labels)], label, title)
      }
    }
  })

  it("would be told of a metric, a label and a part of a histogram that there is not", () => {
    for (
      const [expression, ...unknown] of [
        ["playtally_gaps > 0", "playtally_gaps"],
        ["rate(playtally_events_total{result=\"invalid\"}[5m])", "playtally_events_total{result}"],
        ["sum by (game) (playtally_events_total)", "by (game)"],
        ["sum by (le) (rate(playtally_append_duration_seconds[5m]))", "playtally_append_duration_seconds", "by (le)"],
        ["playtally_log_gaps_bucket", "playtally_log_gaps_bucket"]
      ]
    ) {
      assert.deepStrictEqual(unknownIn(expression ?? "", describedMetrics), unknown)
    }
  })

  it("says of each alert how long, how bad, what is wrong, what to do, and where to read on", () => {
    assert.strictEqual(new Set(alerts.map(({ name }) => name)).size, alerts.length)
    for (const { fields, name } of alerts) {
      assert.match(fields["for"] ?? "", /^\d+[mh]$/, name)
      assert.include(["critical", "warning", "info"], fields["severity"], name)
      assert.isAbove(fields["summary"]?.length ?? 0, 20, name)
      assert.isAbove(fields["description"]?.length ?? 0, 20, name)
      const [path = "", anchor] = (fields["runbook_url"] ?? "").split("#")
      assert.isTrue(existsSync(join(root, path)), `${name}: ${path}`)
      assert.include([...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading)), anchor, name)
    }
  })

  it("watches every gauge and counter of trouble", () => {
    const watched = alerts.map(({ fields }) => fields["expr"]).join(" ")
    for (
      const name of [
        "ready",
        "database_up",
        "log_gaps",
        "lost_events_total",
        "projection_running",
        "projection_lag_seconds",
        "ranking_lag_seconds"
      ]
        .concat([
          "projection_parked_users",
          "projection_unfed_versions",
          "append_reruns_total",
          "http_connections",
          "log_history",
          "events_in_flight"
        ])
    ) {
      assert.match(watched, new RegExp(`\\bplaytally_${name}\\b`))
    }
  })
})
