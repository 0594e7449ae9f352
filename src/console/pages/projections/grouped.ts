/** A number with its digits in groups of three. No digit is lost. */
export const grouped = (number: number | bigint | string): string => {
  const [whole = "", fraction] = String(number).split(".")
  const groups = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",")
  return fraction === undefined ? groups : `${groups}.${fraction}`
}

/** A change with its sign. */
export const signed = (change: string): string => {
  const text = grouped(change)
  return text.startsWith("-") ? `−${text.slice(1)}` : /^[0.]+$/.test(text) ? text : `+${text}`
}
