/** The members of a test context that {@link onFailure} uses. The context belongs to Vitest or to node:test. */
type Context = {
  readonly onTestFailed?: (listener: () => Promise<void>) => void
  readonly after?: (hook: () => Promise<void>) => void
  readonly passed?: boolean
}

/** Runs `report` after the test if the test failed. @throws TypeError for an object that is not a context of node:test or Vitest */
export function onFailure(t: object, report: () => Promise<void>): void {
  const context = t as Context
  if (context.onTestFailed !== undefined) context.onTestFailed(report)
  else if (context.after !== undefined) {
    context.after(async () => {
      if (context.passed !== true) await report()
    })
  } else throw new TypeError('attach needs the context of a test of node:test or Vitest')
}
