const layout = /(?:\s+|\/\/.*|\/\*[^]*?(?:\*\/|$))+/y
const word = /[\p{ID_Continue}$#@]+/uy
const quoted = /"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/y
const expression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/[\\\n])+\//y
/**
 * A template, or what goes on after an expression in it: up to its end, or to the next expression.
 */
const template = /[`}](?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y
/** What a value ends with: a slash after it divides. */
const value = /[\p{ID_Continue}$)\]}"'`]$/u
const wordsBeforeExpression = new Set(["return", "typeof", "case", "in", "of", "void", "delete", "throw", "do", "else", "yield", "await"])

/**
 * The text of a TypeScript module without its comments and its layout: white space that separates
 * no words, and commas before a closing bracket. Texts of modules that say the same in another
 * layout are equal. It does not check the syntax.
 */
export const withoutLayout = (source: string): string => {
  const tokens: Array<string> = []
  let last = ""
  let at = 0
  let isApart = false
  /** For each template that is open, the braces that are open within the expression in it. */
  const templates: Array<number> = []
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  const add = (token: string): void => {
    if (last === "," && /^[)\]}]/.test(token)) tokens.pop()
    else if (isApart && isWord(last) && isWord(token)) tokens.push(" ")
    tokens.push(token)
    last = token
    isApart = false
    at += token.length
  }
  const addTemplate = (): void => {
    const token = match(template) ?? "`"
    if (token.endsWith("${")) templates.push(0)
    add(token)
  }

  while (at < source.length) {
    const skipped = match(layout)
    if (skipped !== undefined) {
      isApart = true
      at += skipped.length
      continue
    }
    const token = match(word) ?? match(quoted) ?? source.charAt(at)
    const open = templates.at(-1)
    if (token === "`") addTemplate()
    else if (token === "}" && open === 0) {
      templates.pop()
      addTemplate()
    } else if (token === "/") {
      add(value.test(last) && !wordsBeforeExpression.has(last) ? token : match(expression) ?? token)
    } else {
      if (open !== undefined && (token === "{" || token === "}")) templates[templates.length - 1] = open + (token === "{" ? 1 : -1)
      add(token)
    }
  }
  return tokens.join("")
}

const isWord = (token: string): boolean => /^[\p{ID_Continue}$#@]/u.test(token)
