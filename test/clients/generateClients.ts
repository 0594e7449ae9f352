import { createClient } from "@hey-api/openapi-ts"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import openapiTs, { astToString } from "openapi-typescript"
import { generate } from "orval"

/*
 * Generates the clients of an OpenAPI document into a folder, as users of the generators would:
 * with their defaults. A program of its own, for the generators write to the console and end
 * processes. Usage: generateClients.ts DOCUMENT FOLDER URL-OF-THE-SERVICE
 */
const [document = "", folder = "", baseUrl = ""] = process.argv.slice(2)

await mkdir(folder, { recursive: true })
await writeFile(join(folder, "openapiTypescript.ts"), astToString(await openapiTs(await readFile(document, "utf8"))))

await createClient({ input: document, output: join(folder, "heyApi"), logs: { level: "silent" } })

for (const client of ["fetch", "zod"] as const) {
  const target = join(folder, `orval${client === "fetch" ? "Fetch" : "Zod"}.ts`)
  // The URLs of this client are those of the document's server, which says only "/".
  await generate({ input: document, output: { target, client, mode: "single", baseUrl } }, folder)
}
