import * as Metric from "effect/Metric"

const runners = Metric.gauge("playtally_cluster_runners", {
  description: "Runners of the cluster that are alive, as this one sees it; 0 while it is in no cluster"
})
const leads = Metric.gauge("playtally_cluster_leads", { description: "1 if this process leads the partition, else 0" })

/** Sets how many runners are alive. */
export const measureRunners = (count: number) => Metric.update(runners, count)

/** Sets whether this process leads a partition. */
export const measureLead = (partition: number, leading: 0 | 1) =>
  Metric.update(Metric.withAttributes(leads, { partition: String(partition) }), leading)

/** The lines of a text of metrics that are about the cluster. */
export const clusterLines = (text: string): string =>
  text.split("\n").filter((line) => /^(# [A-Z]+ )?playtally_cluster_/.test(line)).map((line) => `${line}\n`).join("")
