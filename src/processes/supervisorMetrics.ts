import type { SupervisedProcess } from "./Supervisor.ts"

/** What a supervisor has measured, in Prometheus' text format. */
export const supervisorMetrics = (processes: ReadonlyArray<SupervisedProcess>): string => {
  const { system, user } = process.cpuUsage()
  const memory = process.memoryUsage()
  const own = [
    ["process_cpu_seconds_total", "counter", (system + user) / 1e6],
    ["process_resident_memory_bytes", "gauge", memory.rss],
    ["process_start_time_seconds", "gauge", Math.round(performance.timeOrigin / 1000)],
    ["playtally_heap_used_bytes", "gauge", memory.heapUsed]
  ].map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}`)
  const each = (name: string, value: (one: SupervisedProcess) => number) =>
    processes.map((one) => `${name}{process="${one.number}"} ${value(one)}`)
  return [
    ...own,
    "# HELP playtally_process_up 1 if the process of PROCESSES runs and takes connections, else 0",
    "# TYPE playtally_process_up gauge",
    ...each("playtally_process_up", ({ isReady }) => isReady ? 1 : 0),
    "# HELP playtally_process_restarts_total Times that the supervisor has started the process again",
    "# TYPE playtally_process_restarts_total counter",
    ...each("playtally_process_restarts_total", ({ restarts }) => restarts),
    ""
  ].join("\n")
}
