import * as Result from "effect/Result"
import { honoured, unsupported } from "./urlParameters.ts"

/** Why a URL is not honoured: one sentence that contains no value of the URL. */
type Refused = Result.Result<never, string>
export const refused = (sentence: string): Refused => Result.fail(sentence)

/**
 * A part of the URL, decoded; undefined if a percent sign is followed by no character.
 *
 * A plus sign is not a space here.
 */
const decode = (text: string): string | undefined => {
  try {
    const decoded = decodeURIComponent(text)
    return decoded.includes("\0") ? undefined : decoded
  } catch {
    return undefined
  }
}

const badPercent = (part: string) =>
  refused(`the ${part} has a percent sign that is not followed by two digits of a character in UTF-8; a percent sign itself is written %25`)

/**
 * The parts of a URL, cut as libpq cuts it.
 *
 * The user ends at the first colon. The password ends at the first at sign, unless a slash comes
 * before. libpq does not follow the RFC here: a number sign or a question mark may stand in a
 * password.
 */
export const cutUrl = (url: string): Result.Result<ReadonlyMap<string, string>, string> => {
  const scheme = /^postgres(?:ql)?:\/\//.exec(url)
  if (scheme === null) {
    return refused("it is not a URL that begins with postgres:// or postgresql://; strings such as \"host=… password=…\" are not read")
  }
  if (/\s/.test(url)) return refused("it has white space in it or at its end; a space is written %20")
  let rest = url.slice(scheme[0].length)
  const parts = new Map<string, string>()
  const put = (name: string, text: string): boolean => {
    const decoded = decode(text)
    if (decoded !== undefined) parts.set(name, decoded)
    return decoded !== undefined
  }

  const credentials = /^([^@/]*)@/.exec(rest)
  if (credentials?.[1] !== undefined) {
    const [, user = "", password] = /^([^:]*)(?::(.*))?$/.exec(credentials[1]) ?? []
    if (user !== "" && !put("user", user)) return badPercent("user")
    if (password !== undefined && password !== "" && !put("password", password)) return badPercent("password")
    rest = rest.slice(credentials[0].length)
  }

  const [authority = ""] = /^[^/?]*/.exec(rest) ?? []
  const unfinished = "a slash in a user or password is written %2F, and an at sign %40"
  if (authority.includes(",")) {
    return refused("it names several servers, and one is read; give a name or an address that leads to the primary")
  }
  const address = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(authority)
  if (address === null) return refused(`its host cannot be read; an IPv6 address stands in brackets, ${unfinished}`)
  const [, bracketed, plain = "", port] = address
  if (bracketed === "") return refused("there is no address between its brackets")
  if (!put("host", bracketed ?? plain)) return badPercent("host")
  if (port !== undefined && port !== "") {
    if (!/^\d{1,5}$/.test(port)) return refused(`its port is not a number from 1 to 65535; ${unfinished}`)
    parts.set("port", port)
  }
  rest = rest.slice(authority.length)

  const [, database = "", query = ""] = /^(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? []
  if (database !== "" && !put("dbname", database)) return badPercent("database")
  for (const pair of query === "" ? [] : query.split("&")) {
    const [, name, value] = /^([^=]*)=([^=]*)$/.exec(pair) ?? []
    if (name === undefined || value === undefined || name === "") {
      return refused("its parameters are not of the form name=value with & between them; an = in a value is written %3D, and an & %26")
    }
    if (name === "ssl") {
      if (value !== "true") return refused("the parameter ssl has one value, true, which is short for sslmode=require")
      parts.set("sslmode", "require")
      continue
    }
    const reason = Object.hasOwn(unsupported, name) ? unsupported[name] : undefined
    if (reason !== undefined) return refused(`the parameter ${name} is not supported: ${reason}`)
    if (!honoured.has(name)) {
      // This may be the rest of a password that contains a slash and a question mark.
      return refused(`${/^[a-z_]+$/.test(name) && !query.includes("@") ? `the parameter ${name}` : "one of its parameters"} is unknown`)
    }
    if (!put(name, value)) return badPercent(`parameter ${name}`)
  }
  return Result.succeed(parts)
}
