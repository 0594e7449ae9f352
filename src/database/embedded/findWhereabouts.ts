import * as Effect from "effect/Effect"
import type { EmbeddedAccount } from "./EmbeddedAccount.ts"

/**
 * Where this process runs: the kernel since its boot, and the namespaces that PostgreSQL's numbers
 * are of. Asked of a shell: Deno keeps /proc from us.
 */
const whereabouts = `
cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.bootsessionuuid 2>/dev/null || uname -n
for name in pid ipc net; do readlink /proc/self/ns/$name; done
`

/** One word for where this process runs; the same for processes that may share a server. */
export const findWhereabouts = ({ run }: EmbeddedAccount): Effect.Effect<string> =>
  Effect.map(run("sh", ["-c", whereabouts]), ({ output }) => output.trim().split(/\s+/).join(","))
