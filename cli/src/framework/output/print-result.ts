import type { Command } from '../command/command.ts'
import { WrongUsageError } from '../command/failure.ts'
import { hasColor } from '../terminal/log.ts'
import { terminalText } from '../terminal/terminal-text.ts'
import { type OutputFormat, type Presentation, formatDocument } from './formats.ts'

/** The common options of commands that return a document. */
export type ResultFlags = { readonly output: OutputFormat | 'text'; readonly query?: string }

/** Prints what a command returned, as `--output` and `--query` say. A command that returns undefined prints nothing. */
export async function printResult(command: Command, result: unknown, flags: ResultFlags): Promise<void> {
  if (result === undefined || result === null) return
  const text = await resultText(command, result, flags)
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      // The reader may close the pipe early.
      if (error === null || error === undefined || ('code' in error && error.code === 'EPIPE')) resolve()
      else reject(error)
    })
  })
}

async function resultText(command: Command, result: unknown, flags: ResultFlags): Promise<string> {
  const { output, query } = flags
  if (query !== undefined) {
    const { result: selected, isOrdered } = await applyQuery(result, query)
    return documentText(selected, output, { isQueried: true, isOrdered })
  }
  if (output === 'text' && command.text !== undefined) {
    return `${terminalText(command.text(result as never, flags as never))}\n`
  }
  if (output === 'table' && command.table !== undefined) {
    return documentText(command.table(result as never), output, { isQueried: true, isOrdered: () => true })
  }
  return documentText(result, output, { isQueried: false, isOrdered: () => false })
}

async function documentText(
  document: unknown,
  output: ResultFlags['output'],
  order: Pick<Presentation, 'isQueried' | 'isOrdered'>,
): Promise<string> {
  if (document === null || document === undefined) return ''
  return formatDocument(document, {
    ...order,
    format: output === 'text' ? 'json' : output,
    hasColor: hasColor(process.stdout),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  })
}

/** The result of a query, and the objects in the result that the query created. */
type Queried = { readonly result: unknown; readonly isOrdered: (value: object) => boolean }

/** Applies a JMESPath query. @throws WrongUsageError if the query is malformed */
async function applyQuery(document: unknown, query: string): Promise<Queried> {
  const { default: jmespath } = await import('jmespath')
  const present = new WeakSet<object>()
  rememberObjects(document, present)
  try {
    const result: unknown = jmespath.search(document, query)
    return { result, isOrdered: (value) => !present.has(value) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WrongUsageError(
      `argument --query: invalid JMESPath query '${query}': ${reason}`,
      'see https://jmespath.org',
    )
  }
}

function rememberObjects(value: unknown, present: WeakSet<object>): void {
  if (typeof value !== 'object' || value === null) return
  present.add(value)
  for (const member of Object.values(value)) rememberObjects(member, present)
}
