import type { WireNumber } from "./FastTrackItem.ts"

/**
 * An exact amount, counted in units of 10^-30: every number the contract admits
 * (docs/design.md#values) is a whole count of these.
 */
export type Amount = bigint

const decimals = 30
const one = 10n ** BigInt(decimals)

/**
 * The amount a number of the body stands for, from its digits. Throws if it is not a JSON number or
 * has more than 30 decimals.
 */
export const amountOf = (number: WireNumber): Amount => {
  const text = typeof number === "number" ? String(number) : number.raw
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (parts === null) throw new Error(`not a JSON number: ${text}`)
  const [, sign, whole = "", fraction = "", exponent = "0"] = parts
  const digits = BigInt(whole + fraction)
  const shift = decimals - fraction.length + Number(exponent)
  const scale = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && digits % scale !== 0n) throw new Error(`more than ${decimals} decimals: ${text}`)
  const magnitude = shift < 0 ? digits / scale : digits * scale
  return sign === "-" ? -magnitude : magnitude
}

/**
 * The canonical decimal string (docs/design.md#reading): no exponent, no trailing zeros, no sign on
 * zero.
 */
export const decimalString = (amount: Amount): string => {
  const magnitude = amount < 0n ? -amount : amount
  const fraction = String(magnitude % one).padStart(decimals, "0").replace(/0+$/, "")
  return (amount < 0n ? "-" : "") + String(magnitude / one) + (fraction === "" ? "" : `.${fraction}`)
}

/** The signed sum. */
export const sum = (amounts: ReadonlyArray<Amount>): Amount => amounts.reduce((total, amount) => total + amount, 0n)

/** The greatest of the amounts and zero. */
export const biggest = (amounts: ReadonlyArray<Amount>): Amount => amounts.reduce((best, amount) => amount > best ? amount : best, 0n)

/** `dividend` ÷ `divisor`, rounded half up to 4 decimals. For a dividend ≥ 0 and a divisor > 0. */
export const ratioTo4Decimals = (dividend: Amount, divisor: Amount): Amount => {
  const tenThousandths = (2n * 10_000n * dividend + divisor) / (2n * divisor)
  return tenThousandths * (one / 10_000n)
}
