/** A strong reading with more time than any test takes: it fails only where it would hang. */
export const strong = { _tag: "Strong", waitSeconds: 15 } as const
