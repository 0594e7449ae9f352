import { Flag, GlobalFlag } from "effect/cli"
import { resolve } from "node:path"

const name = "--projections"

/** `--projections DIR`, before or after any command, as its help shows it. */
export const projectionsFlag = GlobalFlag.Setting("projections")({
  flag: Flag.String("projections").pipe(
    Flag.optional,
    Flag.withMetavar("DIR"),
    Flag.withDescription("Folder of projections of your own, beside playtally's; as the setting PROJECTIONS_DIR")
  )
})

/**
 * Makes the flag the setting of this process, and of the threads and processes that it starts.
 *
 * The folder is loaded with the modules of the commands, so this comes before any of them. Gives
 * the arguments without the flag.
 */
export const takeProjectionsFlag = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const own = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length)
  const index = own.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`))
  if (index === -1) return args
  const isApart = own[index] === name
  const folder = isApart ? own[index + 1] : own[index]?.slice(name.length + 1)
  // The command line itself refuses the flag without a folder.
  if (folder !== undefined && folder !== "") process.env["PROJECTIONS_DIR"] = resolve(folder)
  return args.toSpliced(index, isApart ? 2 : 1)
}
