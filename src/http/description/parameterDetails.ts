/**
 * Describes the parameters of an operation beyond their schemas, and its optional request headers.
 *
 * Handlers read the headers themselves: their RFCs have malformed values ignored, and a schema
 * would refuse them.
 */
export const parameterDetails = (details: {
  readonly query?: Readonly<Record<string, object>>
  readonly headers?: Readonly<Record<string, string>>
}) =>
(operation: Record<string, unknown>): Record<string, unknown> => {
  // A transform is typed for any object. This one is an operation that OpenApi.fromApi made.
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
