const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const

/** A number of bytes in the largest unit that gives at least 1: `1.5 GiB`. */
export const formatBytes = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  const amount = bytes / 1024 ** power
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`
}
