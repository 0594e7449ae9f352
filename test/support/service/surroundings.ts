/** What a fold asked of the process it runs in: nothing that it may know. */
export interface Asked {
  /** What is wrong with it: `depends on the locale of the process`. */
  readonly law: string
  /** `localeCompare()`. */
  readonly what: string
  /** `src/projections/catalog/catalog.ts:12:5`, as far as the runtime tells. */
  readonly where: string
}

const isRandom = "is random"
const hasClock = "depends on the time at which it is run"
const hasZone = "depends on the zone of the process"
const hasLocale = "depends on the locale of the process"
const hasSettings = "depends on the settings of the process"

type Arguments = ReadonlyArray<unknown>
type Trap = readonly [law: string, holder: object, name: string, isAsked?: (args: Arguments) => boolean]

const always = () => true
const withoutZone = ([, options]: Arguments) => (options as { readonly timeZone?: unknown } | undefined)?.timeZone === undefined
const withoutLocale = ([locale]: Arguments) => locale === undefined

const localParts = ["Date", "Day", "FullYear", "Hours", "Minutes", "Month"]
/** Functions that nobody may call who is to give the same on every machine and on every day. */
const traps: ReadonlyArray<Trap> = [
  [isRandom, Math, "random"],
  [isRandom, globalThis.crypto, "randomUUID"],
  [isRandom, globalThis.crypto, "getRandomValues"],
  [hasClock, Date, "now"],
  [hasClock, performance, "now"],
  [hasClock, process, "hrtime"],
  [hasZone, Date.prototype, "getTimezoneOffset"],
  ...localParts.flatMap((part): ReadonlyArray<Trap> => [[hasZone, Date.prototype, `get${part}`], [hasZone, Date.prototype, `set${part}`]])
    .filter(([, , name]) => name !== "setDay"),
  ...["toString", "toDateString", "toTimeString"].map((name): Trap => [hasZone, Date.prototype, name]),
  ...["toLocaleString", "toLocaleDateString", "toLocaleTimeString"].map((name): Trap => [hasZone, Date.prototype, name, withoutZone]),
  [hasLocale, String.prototype, "localeCompare"],
  ...["toLocaleUpperCase", "toLocaleLowerCase"].map((name): Trap => [hasLocale, String.prototype, name, withoutLocale]),
  ...[Number.prototype, BigInt.prototype, Array.prototype].map((holder): Trap => [hasLocale, holder, "toLocaleString"])
]

/** Constructors, and what is asked for by calling them with some arguments. */
const constructors: ReadonlyArray<readonly [holder: object, name: string, lawOf: (args: Arguments) => string | undefined]> = [
  [globalThis, "Date", (args) =>
    args.length === 0
      ? hasClock
      : args.length > 1 || (typeof args[0] === "string" && /T.*\d$/.test(args[0]) && !/[+-]\d\d:?\d\d$/.test(args[0]))
      ? hasZone
      : undefined],
  [Intl, "DateTimeFormat", (args) => withoutZone(args) ? hasZone : withoutLocale(args) ? hasLocale : undefined],
  [Intl, "Collator", () => hasLocale],
  [Intl, "NumberFormat", (args) => withoutLocale(args) ? hasLocale : undefined]
]

/**
 * Runs something, and gives what it asked of the process, the first thing first. It gets true
 * answers.
 */
export const askedBy = (run: () => void): Asked | undefined => {
  let asked: Asked | undefined
  const note = (law: string, what: string) => {
    asked ??= { law, what, where: caller() }
  }
  const undo: Array<() => void> = []
  const replace = (holder: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(holder, name)
    Object.defineProperty(holder, name, { configurable: true, enumerable: before?.enumerable ?? false, writable: true, value })
    undo.unshift(() => {
      if (before === undefined) Reflect.deleteProperty(holder, name)
      else Object.defineProperty(holder, name, before)
    })
  }
  const memberOf = (holder: object, name: string): unknown => Reflect.get(holder, name)
  try {
    for (const [law, holder, name, isAsked = always] of traps) {
      const real = memberOf(holder, name)
      if (typeof real !== "function") continue
      replace(holder, name, function(this: unknown, ...args: Arguments) {
        if (isAsked(args)) note(law, `${name}()`)
        return Reflect.apply(real, this, args)
      })
    }
    for (const [holder, name, lawOf] of constructors) {
      const real = memberOf(holder, name)
      if (typeof real !== "function") continue
      const look = (args: Arguments) => {
        const law = lawOf(args)
        if (law !== undefined) note(law, `new ${name}(${args.length === 0 ? "" : "…"})`)
      }
      replace(
        holder,
        name,
        new Proxy(real, {
          construct: (target, args, newTarget) => {
            look(args)
            return Reflect.construct(target, args, newTarget)
          },
          apply: (target, self, args) => {
            look(args)
            return Reflect.apply(target, self, args)
          }
        })
      )
    }
    replace(
      process,
      "env",
      new Proxy(process.env, {
        get: (target, name) => {
          note(name === "TZ" ? hasZone : hasSettings, `process.env.${String(name)}`)
          return Reflect.get(target, name)
        }
      })
    )
    run()
  } finally {
    for (const step of undo) step()
  }
  return asked
}

/**
 * The place that called what was replaced: the first one that is neither here nor the runtime's.
 */
const caller = (): string => {
  const lines = (new Error("where").stack ?? "").split("\n").slice(1)
  const line = lines.find((line) => /\.[cm]?[jt]s\b/.test(line) && !/surroundings\.ts|node:|ext:/.test(line)) ?? ""
  return /((?:file:\/\/)?\/[^()\s]+)\)?$/.exec(line)?.[1]?.replace("file://", "").replace(`${process.cwd()}/`, "") ??
    "a place that is not known"
}
