import { BlockList, isIP } from "node:net"

const bits = { 4: 32, 6: 128 } as const

/**
 * Reads addresses and ranges of addresses (`10.0.0.0/8`), separated by commas.
 *
 * `wrong` is the first entry that is neither.
 */
export const parseAddressRanges = (text: string): { readonly ranges: BlockList } | { readonly wrong: string } => {
  const ranges = new BlockList()
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue
    const [address = "", length, ...more] = entry.split("/")
    const version = isIP(address)
    if ((version !== 4 && version !== 6) || more.length > 0) return { wrong: entry }
    const prefix = length === undefined ? bits[version] : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
    if (!(prefix <= bits[version])) return { wrong: entry }
    ranges.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6")
  }
  return { ranges }
}
