/**
 * For an operation of the OpenAPI document: says more of its parameters than their schemas can, and
 * adds optional request headers (name to description). Headers are described here and read by the
 * handlers, as their RFCs want what cannot be understood in them ignored.
 */
export const parameterDetails = (details: {
  readonly query?: Readonly<Record<string, object>>
  readonly headers?: Readonly<Record<string, string>>
}) =>
(operation: Record<string, unknown>): Record<string, unknown> => {
  // It is handed over as any object, and is an operation that OpenApi.fromApi made.
  const parameters = operation["parameters"] as ReadonlyArray<{ readonly name: string }>
  return {
    ...operation,
    parameters: [
      ...parameters.map((parameter) => Object.assign({}, parameter, details.query?.[parameter.name])),
      ...Object.entries(details.headers ?? {}).map(([name, description]) => ({
        name,
        in: "header",
        required: false,
        description,
        schema: { type: "string" }
      }))
    ]
  }
}
