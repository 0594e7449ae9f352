import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../src", import.meta.url))

/** The room of a file, by its path below `src`. */
const roomOf = (file: string): string => {
  const [first = "", second = ""] = file.split("/")
  if (file === "main.ts") return "main"
  if (!file.includes("/")) return "app"
  return first === "projections" ? `${first}/${second}` : first
}

/** Every room of the source, and the rooms that its files import from. */
export const usedRooms = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const rooms = new Map<string, Set<string>>()
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const file = name.replaceAll("\\", "/")
    if (!file.endsWith(".ts")) continue
    const used = rooms.get(roomOf(file)) ?? new Set()
    rooms.set(roomOf(file), used)
    for (const [, path = ""] of readFileSync(join(root, file), "utf8").matchAll(/(?:\bfrom|\bimport) "(\.[^"]+)"/g)) {
      const imported = normalize(join(dirname(file), path)).replaceAll("\\", "/")
      if (!imported.startsWith("..") && existsSync(join(root, imported)) && roomOf(imported) !== roomOf(file)) used.add(roomOf(imported))
    }
  }
  return rooms
}
