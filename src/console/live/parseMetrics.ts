/** A sample of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The samples of a text in Prometheus' format, by the names of the metrics. */
export type Metrics = ReadonlyMap<string, ReadonlyArray<Sample>>

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/gm
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** Reads what the service itself writes, which has no times. */
export const parseMetrics = (text: string): Metrics => {
  const samples = new Map<string, Array<Sample>>()
  for (const [, name = "", labels = "", value = ""] of text.matchAll(line)) {
    const named = Object.fromEntries([...labels.matchAll(label)].map(([, key = "", text = ""]) => [key, text]))
    const own = samples.get(name) ?? []
    own.push({ labels: named, value: value === "+Inf" ? Infinity : Number(value) })
    samples.set(name, own)
  }
  return samples
}

/** The sum of the samples with these labels; 0 if there are none. */
export const sumOf = (metrics: Metrics, name: string, labels: Readonly<Record<string, string>> = {}): number =>
  matching(metrics, name, labels).reduce((sum, { value }) => sum + (Number.isNaN(value) ? 0 : value), 0)

/** The greatest of the samples; undefined if none is known, as some processes know less. */
export const greatestOf = (metrics: Metrics, name: string): number | undefined => {
  const known = matching(metrics, name, {}).map(({ value }) => value).filter((value) => !Number.isNaN(value))
  return known.length === 0 ? undefined : Math.max(...known)
}

/** The samples with these labels. */
export const matching = (metrics: Metrics, name: string, labels: Readonly<Record<string, string>>): ReadonlyArray<Sample> =>
  (metrics.get(name) ?? []).filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
