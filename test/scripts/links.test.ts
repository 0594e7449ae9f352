import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const rooms = ["src", "test", "bench", "migrations", "scripts", "docs", "deploy", "client/src"]

const filesIn = (folder: string, ...endings: ReadonlyArray<string>): ReadonlyArray<string> =>
  !existsSync(join(root, folder)) ? [] : readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => endings.some((ending) => name.endsWith(ending)) && !name.includes("node_modules"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)

const textOf = (file: string) => readFileSync(join(root, file), "utf8")

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  "client/README.md",
  ...rooms.flatMap((room) => filesIn(room, ".md"))
]
const sources = rooms.flatMap((room) => filesIn(room, ".ts", ".mjs"))

/** A page without its code, where nothing is a link and nothing is a heading. */
const withoutFences = (text: string) => text.replaceAll(/^( *)```[^]*?^\1```/gm, "")

/** The anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (page: string): ReadonlySet<string> => {
  const anchors = new Set<string>()
  for (const [, heading = ""] of withoutFences(textOf(page)).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-")
    let anchor = plain
    for (let number = 1; anchors.has(anchor); number++) anchor = `${plain}-${number}`
    anchors.add(anchor)
  }
  return anchors
}

/** Whether a file or folder is there, and the anchor in it if one is named. */
const isThere = (path: string, anchor?: string): boolean =>
  existsSync(join(root, path)) &&
  (anchor === undefined || (statSync(join(root, path)).isFile() && path.endsWith(".md") && anchorsOf(path).has(anchor)))

/**
 * The paths that a text names from the root on: of files with an ending, and of folders with a
 * slash at the end. Not those after a slash or a dot, which are parts of other paths.
 */
const pathsIn = (text: string): ReadonlyArray<readonly [path: string, anchor: string | undefined]> =>
  [...text.matchAll(/(?<![\w/.:@-])((?:src|test|docs|bench|client|migrations|scripts|deploy)\/[\w./-]*)(?:#([\w-]+))?/g)]
    .map(([, path = "", anchor]) => [path.replace(/\.+$/, ""), anchor] as const)
    .filter(([path]) => /(\.\w+|\/)$/.test(path))

const basenames = Map.groupBy([...sources, ...pages], (file) => basename(file))

/** A path that leads nowhere, and where a file of its name is. */
const deadPath = (path: string): string => {
  const files = existsSync(join(root, path)) ? [] : basenames.get(basename(path)) ?? []
  return files.length === 0 ? path : `${path} (now ${files.join(" or ")}?)`
}

/** The files of the project that a text names without their folder. */
const bareNamesIn = (text: string): ReadonlyArray<string> => [...text.matchAll(/`([\w.-]+\.(?:ts|mjs))`/g)].map(([, name = ""]) => name)

/**
 * The files that a page has its reader make, or names as an example. The page lists them in an
 * HTML comment: `<!-- not in the repository: src/…, test/… -->`.
 */
const madeByReader = (page: string): ReadonlySet<string> =>
  new Set([...textOf(page).matchAll(/<!-- not in the repository: ([^]*?) -->/g)].flatMap(([, paths = ""]) => paths.split(/,\s*/)))

/** The comments of a source, their lines joined; and what is left of it without them. */
const splitComments = (text: string): readonly [comments: string, code: string] => {
  const comments: Array<string> = []
  const code = text.replaceAll(/\/\*[^]*?\*\/|(?<=^\s*)\/\/.*$|(?<=\s)\/\/ .*$|(?<=^\s*)-- .*$/gm, (comment) => {
    comments.push(comment.replaceAll(/^\s*(\/\*\*?|\*\/|\*|\/\/|--)/gm, " "))
    return " "
  })
  return [comments.join("\n").replaceAll(/\s+/g, " "), code]
}

describe("references", () => {
  it("of pages lead to pages, files and headings that are there", () => {
    assert.isAbove(pages.length, 15)
    const dead = pages.flatMap((page) =>
      [...withoutFences(textOf(page)).replaceAll(/`[^`\n]*`/g, "").matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
        .filter(([, path = "", anchor]) => !isThere(path === "" ? page : normalize(join(dirname(page), path)), anchor))
        .map(([, path, anchor]) => `${page}: ${path}${anchor === undefined ? "" : `#${anchor}`}`)
    )
    assert.deepStrictEqual(dead, [])
  })

  it("of pages name files that are there", () => {
    const dead = pages.flatMap((page) => {
      const made = madeByReader(page)
      return pathsIn(textOf(page)).filter(([path, anchor]) => !made.has(path) && !isThere(path, anchor)).map(([path]) =>
        `${page}: ${deadPath(path)}`
      )
    })
    assert.deepStrictEqual(dead, [])
  })

  it("of comments name files and headings that are there", () => {
    assert.isAbove(sources.length, 500)
    const dead = sources.flatMap((source) =>
      pathsIn(splitComments(textOf(source))[0])
        .filter(([path, anchor]) => !isThere(path, anchor))
        .map(([path, anchor]) => `${source}: ${deadPath(path)}${anchor === undefined ? "" : `#${anchor}`}`)
    )
    assert.deepStrictEqual(dead, [])
  })

  it("by the name of a file alone are to files that are there", () => {
    const named = [
      ...pages.map((page) => [page, textOf(page)] as const),
      ...sources.map((source) => [source, splitComments(textOf(source))[0]] as const)
    ]
    const dead = named.flatMap(([file, text]) =>
      bareNamesIn(text)
        .filter((name) => !basenames.has(name) && ![...madeByReader(file)].some((made) => basename(made) === name))
        .map((name) => `${file}: ${name}`)
    )
    assert.deepStrictEqual(dead, [])
  })

  it("of messages name pages that are there", () => {
    const dead = sources.flatMap((source) =>
      [...splitComments(textOf(source))[1].matchAll(/(?<![\w/])(docs\/[\w-]+\.md)(?:#([\w-]+))?/g)]
        .filter(([, path = "", anchor]) => !isThere(path, anchor))
        .map(([reference]) => `${source}: ${reference}`)
    )
    assert.deepStrictEqual(dead, [])
  })

  it("{@link} names what the file declares or imports", () => {
    const dead = sources.flatMap((source) => {
      const [comments, code] = splitComments(textOf(source))
      const imported = [...code.matchAll(/\bimport\s+([^"]*?)\s+from\s+"/g)].map(([, names]) => names).join(" ")
      return [...comments.matchAll(/\{@link ([\w$]+)/g)]
        .map(([, name = ""]) => name)
        .filter((name) =>
          !new RegExp(`\\b${name}\\b`).test(imported) &&
          !new RegExp(
            `\\b(?:const|let|function\\*?|class|interface|type|enum)\\s+${name}\\b|^\\s*(?:readonly |static |private |override |async |get )*${name}\\??[:(]`,
            "m"
          ).test(code)
        )
        .map((name) => `${source}: ${name}`)
    })
    assert.deepStrictEqual(dead, [])
  })

  it("of chapters by number are to RFCs alone", () => {
    const dead = [...sources, ...pages].flatMap((file) =>
      textOf(file).split("\n").filter((line) => line.includes("\u00a7") && !/RFC \d+ \u00a7[\d.]+[^\u00a7]*$/.test(line))
        .map((line) => `${file}: ${line.trim()}`)
    )
    assert.deepStrictEqual(dead, [])
  })
})
