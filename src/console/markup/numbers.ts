/** A number as people read it: 12,345 · 1.5 · 0.03. For exact amounts use their own text. */
export const figure = (value: number): string =>
  value.toLocaleString("en", { maximumFractionDigits: value === 0 || value >= 100 ? 0 : value >= 1 ? 1 : 2 })

/** A time: 12 ms · 1.5 s · 3 min. */
export const duration = (seconds: number): string =>
  seconds === Infinity
    ? "over 60 s"
    : seconds === 0
    ? "0 s"
    : seconds < 0.001
    ? `${figure(seconds * 1e6)} µs`
    : seconds < 1
    ? `${figure(seconds * 1000)} ms`
    : seconds < 120
    ? `${figure(seconds)} s`
    : seconds < 7200
    ? `${figure(seconds / 60)} min`
    : `${figure(seconds / 3600)} h`
