import * as Effect from "effect/Effect"
import type { EmbeddedAccount } from "./EmbeddedAccount.ts"

/**
 * Shell commands that print where this process runs.
 *
 * It is the boot of the kernel, and the namespaces in which PostgreSQL's numbers count. A shell
 * reads them, because Deno keeps /proc from us.
 */
const whereabouts = `
cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.bootsessionuuid 2>/dev/null || uname -n
for name in pid ipc net; do readlink /proc/self/ns/$name; done
`

/** One word for where this process runs. Processes with the same word may share a server. */
export const findWhereabouts = ({ run }: EmbeddedAccount): Effect.Effect<string> =>
  Effect.map(run("sh", ["-c", whereabouts]), ({ output }) => output.trim().split(/\s+/).join(","))
