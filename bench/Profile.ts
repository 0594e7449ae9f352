/**
 * How much is measured. Sending is bounded by time, so that a slow machine takes hardly longer;
 * other counts are events.
 */
export interface Profile {
  readonly name: "quick" | "default" | "long"
  readonly rounds: number
  /** A row that takes longer has failed: something in it does not come to an end. */
  readonly minutesPerRow: number
  /** Most seconds of sending in one round of one measurement. */
  readonly seconds: number
  /** Most events sent in them; bodies are prepared before. */
  readonly events: number
  /** Arrivals a second of the latency row: requests of one item, requests of 1,000. */
  readonly rates: { readonly single: ReadonlyArray<number>; readonly batch: ReadonlyArray<number> }
  readonly latencySeconds: number
  readonly memorySeconds: number
  readonly rebuild: { readonly events: number; readonly users: number }
  /** Events stored when the growth row measures. */
  readonly growth: ReadonlyArray<number>
  readonly emmett: { readonly append: number; readonly rebuild: number }
}

const usual: Profile = {
  name: "default",
  rounds: 3,
  minutesPerRow: 20,
  seconds: 2,
  events: 80_000,
  rates: { single: [200, 1_000], batch: [4] },
  latencySeconds: 4,
  memorySeconds: 20,
  rebuild: { events: 2_000_000, users: 200_000 },
  growth: [100_000, 1_000_000],
  emmett: { append: 6_000, rebuild: 25_000 }
}

/** `quick` is for trying the benchmark itself; its figures mean little. */
export const profiles: { readonly [Name in Profile["name"]]: Profile } = {
  quick: {
    ...usual,
    name: "quick",
    rounds: 1,
    seconds: 1,
    events: 20_000,
    rates: { single: [100], batch: [2] },
    latencySeconds: 2,
    memorySeconds: 3,
    rebuild: { events: 60_000, users: 6_000 },
    growth: [10_000, 40_000],
    emmett: { append: 2_000, rebuild: 5_000 }
  },
  default: usual,
  long: {
    ...usual,
    name: "long",
    rounds: 5,
    minutesPerRow: 300,
    seconds: 10,
    events: 300_000,
    rates: { single: [200, 1_000, 2_000], batch: [4, 10] },
    latencySeconds: 20,
    memorySeconds: 180,
    rebuild: { events: 5_000_000, users: 500_000 },
    growth: [100_000, 1_000_000, 5_000_000, 20_000_000],
    emmett: { append: 50_000, rebuild: 100_000 }
  }
}
