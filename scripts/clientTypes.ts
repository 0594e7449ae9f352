import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describedTypes } from "./describedTypes.ts"

/* Writes the types of the client from the description of the API: `npm run client:types`. */
writeFileSync(fileURLToPath(new URL("../client/src/ApiDescription.ts", import.meta.url)), await describedTypes())
