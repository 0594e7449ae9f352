import { beforeEach } from "vitest"
import { noteForFile } from "./partitionNotes.ts"

/** Run again before each test file. Its notes go to the reporter. */
const notes = noteForFile()

beforeEach(({ task }) => {
  task.file.meta.partitionNotes = notes
})
