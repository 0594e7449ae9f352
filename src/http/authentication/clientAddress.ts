import { type BlockList, isIP } from "node:net"

/**
 * Proxies that a request may have come through, one behind the other. What is further away is not
 * looked at.
 */
const maxHops = 16

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const withPort = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/

/**
 * An address as it may be written in a header, without port, brackets and zone; nothing for what is
 * none.
 */
const addressIn = (text: string): string | undefined => {
  const [, ipv6, ipv4] = withPort.exec(text) ?? []
  const [address = ""] = (ipv6 ?? ipv4 ?? text).split("%")
  return isIP(address) === 0 ? undefined : mapped.exec(address)?.[1] ?? address
}

/**
 * Whose request it is, as its attempts are counted: the address of the connection or, where that is
 * a trusted proxy's, the rightmost of `X-Forwarded-For` that is not. A proxy appends the address it
 * was asked from, so what stands to the left of that is the client's own words. An entry that is no
 * address ends the search at the proxy that passed it on. The header `Forwarded` is not read.
 *
 * Of an IPv6 address it is the network (/64): a client has as many addresses in it as it likes.
 */
export const clientAddress = (trusted: BlockList, peer: string, forwardedFor: string | undefined): string => {
  let client = addressIn(peer) ?? peer
  let rest = forwardedFor
  for (let hop = 0; hop < maxHops && rest !== undefined && isTrusted(trusted, client); hop++) {
    const comma = rest.lastIndexOf(",")
    const next = addressIn(rest.slice(comma + 1).trim())
    if (next === undefined) break
    client = next
    rest = comma === -1 ? undefined : rest.slice(0, comma)
  }
  return isIP(client) === 6 ? networkOf(client) : client
}

const isTrusted = (trusted: BlockList, address: string): boolean => trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")

/** The first four groups. `URL` knows all spellings of an address, and writes each in one way. */
const networkOf = (address: string): string => {
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::")
  const groups = left === "" ? [] : left.split(":")
  const behind = right === undefined || right === "" ? [] : right.split(":")
  const zeros = right === undefined ? [] : Array.from({ length: 8 - groups.length - behind.length }, () => "0")
  return `${[...groups, ...zeros, ...behind].slice(0, 4).join(":")}::/64`
}
