/** Tells what set-up does. Everything goes to stderr: stdout belongs to whatever is started afterwards. */
export class Report {
  #started = performance.now()
  warnings = 0

  line(step, text) {
    process.stderr.write(`  ${step.padEnd(11)} ${text}\n`)
  }

  title(text) {
    process.stderr.write(`${text}\n`)
  }

  /** A step that was not needed or is done. */
  done(step, text, since) {
    this.line(step, since === undefined ? text : `${text} (${seconds(since)})`)
  }

  /** Something failed, and the next best thing is tried. */
  warn(step, text) {
    this.warnings++
    this.line(step, `! ${text}`)
  }

  end() {
    this.title(`set-up took ${seconds(this.#started)}`)
  }
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
