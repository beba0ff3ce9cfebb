import { registerHooks } from 'node:module'

// The package imports JSON without the attribute that Node requires.
const hooks = registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const found = nextResolve(specifier, context)
    return found.url.endsWith('.json') ? { ...found, importAttributes: { type: 'json' } } : found
  },
})
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser')
const { parseAction } = await import('@actions/workflow-parser/actions/action-parser')
hooks.deregister()

/** The errors that the parser of GitHub finds in a workflow or in an `action.yml`. */
export function syntaxErrors(kind: 'workflow' | 'action', content: string): string[] {
  const trace = new NoOperationTraceWriter()
  const file = { name: `${kind}.yml`, content }
  const { context } = kind === 'workflow' ? parseWorkflow(file, trace) : parseAction(file, trace)
  return context.errors.getErrors().map(({ message }) => message)
}
