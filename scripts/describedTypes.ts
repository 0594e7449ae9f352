import { OpenApi } from "effect/http-api"
import openapiTs, { astToString } from "openapi-typescript"
import { Api } from "../src/http/Api.ts"

/** The types of the API's description, as the client has them in `client/src/ApiDescription.ts`. */
export const describedTypes = async (): Promise<string> => {
  const document = JSON.parse(JSON.stringify(OpenApi.fromApi(Api))) as Parameters<typeof openapiTs>[0]
  return `/* Made of the service's description by \`npm run client:types\`. */\n\n${astToString(await openapiTs(document))}`
}
