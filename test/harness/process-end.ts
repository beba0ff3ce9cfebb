const undo = new Set<() => void>()
let armed = false

function runAll(): void {
  for (const step of [...undo].reverse()) {
    undo.delete(step)
    try {
      step()
    } catch (cause) {
      process.stderr.write(`clean-up failed: ${String(cause)}\n`)
    }
  }
}

function arm(): void {
  armed = true
  process.on('exit', runAll)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(code))
  }
}

/**
 * Registers a synchronous step that undoes something outside this process (a child, a mount, a folder). It runs when the
 * process ends for any reason that can be caught, the test runner's own SIGTERM included, latest first. Returns a
 * function that cancels the step.
 */
export function atProcessEnd(step: () => void): () => void {
  if (!armed) arm()
  undo.add(step)
  return () => undo.delete(step)
}
