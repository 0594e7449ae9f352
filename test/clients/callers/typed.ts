/** Whether two types are the same; `any` is the same as itself alone. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** What is `any` or `unknown` in a type, at any depth; `never` where nothing is. */
type Untyped<T> = 0 extends 1 & T ? "any"
  : unknown extends T ? "unknown"
  : T extends ReadonlyArray<infer Element> ? Untyped<Element>
  : T extends object ? { [K in keyof T]-?: Untyped<T[K]> }[keyof T]
  : never

/** Does not compile unless the type of the value is exactly the one named. */
export const expectType = <Expected>() => <Actual>(value: Actual, ...check: Same<Actual, Expected> extends true ? [] : [never]): Actual => {
  void check
  return value
}

/** Does not compile if anything in the type is `any` or `unknown`. */
export const expectTyped = <T>(...check: Same<Untyped<T>, never> extends true ? [] : [Untyped<T>]): void => {
  void check
}

// What must not compile.
// @ts-expect-error: a number is no string
expectType<string>()(1)
// @ts-expect-error: nor is anything
expectType<number>()(JSON.parse("1"))
// @ts-expect-error: nor a value of no type
expectType<number>()(JSON.parse("1") as unknown)
// @ts-expect-error: a counter of no type, by currency
expectTyped<{ readonly casino?: Record<string, { readonly bet_count: unknown }> }>()
// @ts-expect-error: one of any type, in a list
expectTyped<{ readonly periods: ReadonlyArray<{ readonly bet_count: ReturnType<typeof JSON.parse> } | null> }>()

/** What a caller saw, which is the same with every client. */
export interface Seen {
  readonly betCount: number | undefined
  readonly betAmount: string | undefined
  readonly lastAt: string | null | undefined
  readonly logins: number | undefined
  readonly username: string | undefined
  readonly kinds: ReadonlyArray<string>
  readonly problem: string | undefined
}

/** Calls the service at a URL with a key. */
export type Caller = (url: string, key: string) => Promise<Seen>
