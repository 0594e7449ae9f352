// Loaded before a program: has its clock go wrong by the milliseconds that a file says, looked at
// again and again, and says in a file beside it what it goes by. In each of its threads, which have
// a `Date` each.
import { readFileSync, writeFileSync } from "node:fs"
import { threadId } from "node:worker_threads"

const file = process.env["CLOCK_OFFSET_FILE"]
let offset = Number.NaN
const look = () => {
  // While it is written it may be empty.
  const text = file === undefined ? "" : readFileSync(file, "utf8")
  if (file === undefined || text === "" || Number(text) === offset) return
  offset = Number(text)
  writeFileSync(`${file}.${threadId}`, text)
}
look()
setInterval(look, 20).unref()

const RealDate = Date
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + offset] : args, newTarget) as Date,
  get: (target, name, receiver) => name === "now" ? () => RealDate.now() + offset : Reflect.get(target, name, receiver) as unknown
})
