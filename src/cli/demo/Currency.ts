import { type JsonNumber, toJsonNumber } from "../../fasttrack/JsonNumber.ts"

/**
 * A currency players play in. Amounts of money are whole minor units: cents, öre, yen, satoshi,
 * wei.
 */
export interface Currency {
  readonly code: string
  /** Decimal places of a minor unit. */
  readonly decimals: number
  /** What one unit is worth in euro cents, the brand's base currency. */
  readonly baseCents: bigint
  /** A usual small stake. */
  readonly stake: bigint
}

export const euro: Currency = { code: "EUR", decimals: 2, baseCents: 100n, stake: 50n }

/**
 * What the players of the demo play in, the more frequent first: also without decimals, and with as
 * many as crypto has.
 */
export const currencies: readonly [Currency, ...ReadonlyArray<Currency>] = [
  euro,
  { code: "SEK", decimals: 2, baseCents: 9n, stake: 500n },
  { code: "USD", decimals: 2, baseCents: 92n, stake: 50n },
  { code: "JPY", decimals: 0, baseCents: 1n, stake: 80n },
  { code: "BTC", decimals: 8, baseCents: 8_500_000n, stake: 600n },
  { code: "ETH", decimals: 18, baseCents: 300_000n, stake: 170_000_000_000_123n }
]

const decimalText = (minor: bigint, decimals: number): string => {
  if (decimals === 0) return String(minor)
  const digits = String(minor).padStart(decimals + 1, "0")
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "")
}

/** A JSON number with every digit of the amount. */
export const wireAmount = (minor: bigint, currency: Currency): JsonNumber => toJsonNumber(decimalText(minor, currency.decimals))

/** The amount in the brand's base currency, as a JSON number with cents. */
export const wireBaseAmount = (minor: bigint, currency: Currency): JsonNumber =>
  wireAmount((minor * currency.baseCents) / 10n ** BigInt(currency.decimals), euro)
