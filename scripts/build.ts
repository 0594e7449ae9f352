import { execFileSync } from "node:child_process"
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import packageJson from "../package.json" with { type: "json" }
import { sourcesIn } from "../src/projections/versions/CatalogSources.ts"

/*
 * `npm run build`: what an installed package runs, in `dist`. Node strips no types below
 * `node_modules`, so the package has JavaScript. A working copy needs no build: nothing in it uses
 * `dist`. `npm pack` calls this first.
 */

const root = fileURLToPath(new URL("..", import.meta.url))
const dist = join(root, "dist")
const compile = (...options: ReadonlyArray<string>) =>
  execFileSync(process.execPath, [join(root, "node_modules/@typescript/native/bin/tsc"), ...options], { cwd: root, stdio: "inherit" })

rmSync(dist, { recursive: true, force: true })
compile("-p", "tsconfig.build.json")

/** The modules that others import, by the types that `exports` names. */
const entries = Object.values(packageJson.exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [entry.types.replace("./dist/", "").replace(/\.d\.ts$/, ".ts")]
)
// Types of what they reach, and of nothing else.
const declarations = join(root, "tsconfig.declarations.json")
try {
  const compilerOptions = { declaration: true, emitDeclarationOnly: true }
  writeFileSync(declarations, JSON.stringify({ extends: "./tsconfig.build.json", compilerOptions, include: [], files: entries }))
  compile("-p", declarations)
} finally {
  rmSync(declarations, { force: true })
}

for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  const file = join(dist, name)
  // The compiler rewrites what is imported, and neither the URLs of threads nor all imports of types.
  const written = name.endsWith(".d.ts")
    ? /(\b(?:from |import\()"\.[^"]*)\.ts(")/g
    : name.endsWith(".js")
    ? /(\bnew URL\("\.[^"]*)\.ts(", import\.meta\.url\))/g
    : undefined
  if (written !== undefined) writeFileSync(file, readFileSync(file, "utf8").replaceAll(written, "$1.js$2"))
}

// Pages, styles and whatever else is read at run time.
for (const folder of ["src", "migrations"]) {
  cpSync(join(root, folder), join(dist, folder), {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || !/\.tsx?$/.test(path)
  })
}

// The version is read from beside `src`. It has no `exports`: the package's own are meant.
const { name, type, version } = packageJson
writeFileSync(join(dist, "package.json"), JSON.stringify({ name, version, type, private: true }))

// So that an update of the package knows a changed source, as an update of a working copy does.
const sources = join(dist, "src/projections/versions/sources.json")
writeFileSync(sources, JSON.stringify(Object.fromEntries(sourcesIn(new URL("../src/projections/catalog/catalog.ts", import.meta.url)))))
