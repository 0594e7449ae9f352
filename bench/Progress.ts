/**
 * One line on stderr about what goes on, in place on a terminal, else a line of its own whenever
 * something else begins.
 */
export class Progress {
  private readonly started = performance.now()
  private readonly inPlace = process.stderr.isTTY === true
  private row = ""

  /** Begins a row: `nth` of `rows`. */
  begin(nth: number, rows: number, name: string): void {
    this.row = `[${nth}/${rows}] ${name}`
    this.say("")
  }

  say(what: string): void {
    const seconds = Math.round((performance.now() - this.started) / 1000)
    const line = `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}  ${this.row}  ${what}`
    process.stderr.write(this.inPlace ? `\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}` : `${line}\n`)
  }

  end(): void {
    if (this.inPlace) process.stderr.write("\r\x1b[K")
  }
}
