import { type BlockList, isIP } from "node:net"

/** Proxies, one behind the other, that are looked at. Those further away are not. */
const maxHops = 16

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const withPort = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/

/**
 * The address in a text of a header, without port, brackets and zone; undefined if there is none.
 */
const addressIn = (text: string): string | undefined => {
  const [, ipv6, ipv4] = withPort.exec(text) ?? []
  const [address = ""] = (ipv6 ?? ipv4 ?? text).split("%")
  return isIP(address) === 0 ? undefined : mapped.exec(address)?.[1] ?? address
}

/**
 * The address that a client's attempts are counted by.
 *
 * It is the address of the connection. If that is a trusted proxy's, it is the rightmost address of
 * `X-Forwarded-For` that is not: a proxy appends the address that asked it, and the client itself
 * may have written anything to the left of that. An entry that is no address ends the search at the
 * proxy that passed it on. The header `Forwarded` is not read.
 *
 * An IPv6 address counts as its network (/64): a client can use any address in it.
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

/** The first four groups. `URL` reads every spelling of an address, and writes each in one way. */
const networkOf = (address: string): string => {
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::")
  const groups = left === "" ? [] : left.split(":")
  const behind = right === undefined || right === "" ? [] : right.split(":")
  const zeros = right === undefined ? [] : Array.from({ length: 8 - groups.length - behind.length }, () => "0")
  return `${[...groups, ...zeros, ...behind].slice(0, 4).join(":")}::/64`
}
