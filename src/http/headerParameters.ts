/**
 * Adds optional request headers, name to description, to an operation of the OpenAPI document. They are described here and not by the endpoint's
 * schema because handlers read them as their RFCs have it: what they do not understand they ignore.
 */
export const headerParameters = (headers: Readonly<Record<string, string>>) => (operation: Record<string, unknown>): Record<string, unknown> => ({
  ...operation,
  parameters: [
    ...Array.isArray(operation["parameters"]) ? operation["parameters"] : [],
    ...Object.entries(headers).map(([name, description]) => ({ name, in: "header", required: false, description, schema: { type: "string" } }))
  ]
})
