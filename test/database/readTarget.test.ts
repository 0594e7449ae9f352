import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { userInfo } from "node:os"
import { type ConnectionTarget, socketPathOf } from "../../src/database/ConnectionTarget.ts"
import { readTarget } from "../../src/database/readTarget.ts"

const read = (url: string): ConnectionTarget => Result.getOrThrow(readTarget(url))

const passwordOf = ({ password }: ConnectionTarget) => password === undefined ? undefined : Redacted.value(password)

const places = ({ database, host, port, user }: ConnectionTarget) => ({ host, port, user, database })

/** A text made one that percent-encoding can have: without zeros and half pairs, and not empty. */
const sayable = (text: string) => `x${text.replaceAll("\0", "").toWellFormed()}`

describe("a URL of a database", () => {
  it.prop("says whatever is percent-encoded in it", [Schema.Array(Schema.String)], ([texts]) => {
    const [user, password, database, options] = [0, 1, 2, 3].map((index) => sayable(texts[index] ?? "")) as [string, string, string, string]
    const [u, p, d, o] = [user, password, database, options].map(encodeURIComponent)
    for (const url of [`postgres://${u}:${p}@h/${d}?options=${o}`, `postgresql://h?user=${u}&password=${p}&dbname=${d}&options=${o}`]) {
      const target = read(url)
      assert.deepStrictEqual([target.user, passwordOf(target), target.database, target.options], [user, password, database, options])
    }
  })

  it.each([
    // As libpq takes them, and as no parser of RFC 3986 does.
    ["postgres://u:a#b@127.0.0.1:1/x", { host: "127.0.0.1", port: 1, user: "u", database: "x" }, "a#b"],
    ["postgres://u:a?b=c@h/x", { host: "h", port: 5432, user: "u", database: "x" }, "a?b=c"],
    ["postgres://u:a:b@h:6432/x", { host: "h", port: 6432, user: "u", database: "x" }, "a:b"],
    ["postgres://u:a+b@h/x", { host: "h", port: 5432, user: "u", database: "x" }, "a+b"],
    ["postgres://u:p@/x?host=%2Fvar%2Frun", { host: "/var/run", port: 5432, user: "u", database: "x" }, "p"],
    ["postgres://u@%2Fvar%2Frun:5433/x", { host: "/var/run", port: 5433, user: "u", database: "x" }, undefined],
    ["postgres://u:p@elsewhere:1/x?host=h&port=2&dbname=y&user=v&password=q", { host: "h", port: 2, user: "v", database: "y" }, "q"],
    ["postgresql://u@[::1]:5433/x", { host: "::1", port: 5433, user: "u", database: "x" }, undefined],
    ["postgres://u@[fe80::1%25eth0]/", { host: "fe80::1%eth0", port: 5432, user: "u", database: "u" }, undefined],
    ["postgres://u:@h:/", { host: "h", port: 5432, user: "u", database: "u" }, undefined],
    ["postgres://u@h?port=", { host: "h", port: 5432, user: "u", database: "u" }, undefined],
    ["postgres://u@?hostaddr=10.0.0.1", { host: "10.0.0.1", port: 5432, user: "u", database: "u" }, undefined],
    ["postgres://h/x%20y", { host: "h", port: 5432, user: userInfo().username, database: "x y" }, undefined]
  ])("%s", (url, expected, password) => {
    const target = read(url)
    assert.deepStrictEqual([places(target), passwordOf(target)], [expected, password])
  })

  it("has libpq's defaults, and what the URL says in their place", () => {
    const { address, applicationName, connectSeconds, keepAlive, options, tls } = read("postgres://u@h")
    assert.deepStrictEqual(
      [address, applicationName, connectSeconds, keepAlive, options, tls.mode, tls.negotiation],
      [undefined, "playtally", 5, { idleSeconds: 0 }, undefined, "prefer", "postgres"]
    )
    const other = read(
      "postgres://u@h?hostaddr=::1&application_name=a%20b&connect_timeout=0&keepalives_idle=30&options=-c%20geqo%3Doff&ssl=true&sslnegotiation=direct&channel_binding=disable&gssencmode=prefer&sslsni=1&client_encoding=UTF8&target_session_attrs=any"
    )
    assert.deepStrictEqual(
      [other.address, other.applicationName, other.connectSeconds, other.keepAlive, other.options, other.tls.mode, other.tls.negotiation],
      ["::1", "a b", 0, { idleSeconds: 30 }, "-c geqo=off", "require", "direct"]
    )
    assert.strictEqual(read("postgres://u@h?keepalives=0").keepAlive, undefined)
    assert.strictEqual(read("postgres://u@h?fallback_application_name=f").applicationName, "f")
    assert.strictEqual(read("postgres://u@h?sslrootcert=system").tls.mode, "verify-full")
    assert.deepStrictEqual(read("postgres://u@h?sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem").tls.authorities, {
      path: "/etc/ca.pem",
      parameter: "sslrootcert",
      optional: false
    })
    assert.strictEqual(socketPathOf(read("postgres://u@h?host=%2Frun&port=6000")), "/run/.s.PGSQL.6000")
  })

  it.each([
    ["", /empty/],
    ["host=localhost password=canary", /begins with postgres:\/\//],
    ["mysql://u:canary@h/x", /begins with postgres:\/\//],
    ["postgres://u:canary@h1:5432,h2:5432/x", /several servers/],
    ["postgres://u:canary@h/x?host=h1,h2", /several servers/],
    ["postgres://u:can/ary@h/x", /port is not a number.*%2F/],
    ["postgres://u:canary@h:0/x", /port is not a number/],
    ["postgres://u:canary@h:65536/x", /port is not a number/],
    ["postgres://u:canary@::1/x", /port is not a number/],
    ["postgres://u:canary@fe80]::1/x", /brackets/],
    ["postgres://u:canary@[::1/x", /brackets/],
    ["postgres://u:canary@/x", /names no host/],
    ["postgres://u:canary@h/x\n", /white space/],
    ["postgres://u:canary%zz@h/x", /password has a percent sign/],
    ["postgres://u:canary%00@h/x", /password has a percent sign/],
    ["postgres://u:canary%ff@h/x", /password has a percent sign/],
    ["postgres://u@h/x?password=canary%2", /parameter password has a percent sign/],
    ["postgres://u:canary@h/x?sslmode", /name=value/],
    ["postgres://u:canary@h/x?options=-c a=b", /white space/],
    ["postgres://u:canary@h/x?options=-ca=b", /%3D/],
    ["postgres://u:canary@h/x?ssl_mode=require", /parameter ssl_mode is unknown/],
    ["postgres://u:pass/?canary&b@h/x", /port is not a number/],
    ["postgres://u/?canary=b@h/x", /one of its parameters is unknown/],
    ["postgres://u:canary@h/x?sslmode=no-verify", /value of sslmode is not one of disable, allow/],
    ["postgres://u:canary@h/x?ssl=1", /short for sslmode=require/],
    ["postgres://u:canary@h/x?channel_binding=require", /channel_binding=require is not supported: /],
    ["postgres://u:canary@h/x?target_session_attrs=read-write", /target_session_attrs=read-write is not supported: /],
    ["postgres://u:canary@h/x?gssencmode=require", /gssencmode=require is not supported/],
    ["postgres://u:canary@h/x?sslrootcert=system&sslmode=require", /asks for sslmode=verify-full/],
    ["postgres://u:canary@h/x?sslnegotiation=direct", /asks for sslmode=require/],
    ["postgres://u:canary@h/x?ssl_min_protocol_version=TLSv1", /it is not safe/],
    ["postgres://u:canary@h/x?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2", /above/],
    ["postgres://u:canary@h/x?passfile=x", /parameter passfile is not supported: /],
    ["postgres://u:canary@h/x?constructor=x", /parameter constructor is unknown/],
    ["postgres://u:canary@h/x?connect_timeout=soon", /connect_timeout/]
  ])("is refused in a sentence without its password: %s", (url, expected) => {
    const sentence = readTarget(url)
    assert.isTrue(Result.isFailure(sentence))
    if (Result.isFailure(sentence)) {
      assert.match(sentence.failure, expected)
      assert.notMatch(sentence.failure, /canary|can\/ary|\n/)
    }
  })

  it.prop("shows nothing of a password, whatever is in it unescaped", [Schema.String], ([password]) => {
    const secret = `canary${sayable(password)}canary`
    const sentence = readTarget(`postgres://u:${secret}@h:5432/x`)
    if (Result.isFailure(sentence)) assert.notInclude(sentence.failure, "canary")
    else assert.isTrue(passwordOf(sentence.success)?.startsWith("canary"))
  })
})
