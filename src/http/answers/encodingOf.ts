/** The encodings of answers, the preferred one first. */
const encodings = ["br", "gzip"] as const

/**
 * The encoding of an answer, by the request's `Accept-Encoding` (RFC 9110 §12.5.3): the one that it
 * weighs most, or none.
 */
export const encodingOf = (header: string | undefined): typeof encodings[number] | "identity" => {
  const weights = new Map<string, number>()
  for (const part of (header ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim())
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2)
    weights.set(coding, weight === undefined ? 1 : Number(weight))
  }
  const weightOf = (encoding: string) => weights.get(encoding) ?? weights.get("*") ?? 0
  const [best] = encodings.filter((encoding) => weightOf(encoding) > 0).sort((one, other) => weightOf(other) - weightOf(one))
  return best ?? "identity"
}
