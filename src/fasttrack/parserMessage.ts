/** What the parser says about a text that is not JSON, at most 200 characters, without the piece of the text that V8 quotes. */
export const parserMessage = (error: unknown): string =>
  error instanceof Error
    ? error.message.replace(/, (?:\.\.\.)?"[^]*$/, " is not valid JSON").slice(0, 200).toWellFormed()
    : "It is not JSON."
