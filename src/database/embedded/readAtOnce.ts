import { open } from "node:fs/promises"

/** Bytes that a file of {@link readAtOnce} may have. The longest has some hundred. */
const room = 64 * 1024

/**
 * The text of a small file that other processes replace at any time; empty if there is none.
 *
 * It reads with one system call. Node's `readFile` asks for the size first and reads as many bytes.
 * If the file gets longer in between, it gives the beginning of the new text.
 */
export const readAtOnce = async (path: string): Promise<string> => {
  const file = await open(path, "r").catch(() => undefined)
  if (file === undefined) return ""
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(room), 0, room, 0)
    return buffer.toString("utf8", 0, bytesRead)
  } catch {
    return ""
  } finally {
    await file.close()
  }
}
