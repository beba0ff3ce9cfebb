import { plainReason } from '@acrux/shared/texts/plain-reason.ts'

/** The settings in a configuration file, and the line of each setting. */
export type ConfigurationFile = {
  readonly settings: unknown
  /** The line number, starting at 1, of the setting or of the closest mapping around the setting. */
  readonly lineOf: (path: readonly PropertyKey[]) => number
}

/** A problem of the file as a whole, with the line if the line is known. */
export type FileProblem = { readonly line?: number; readonly message: string }

const maxFileCharacters = 1_048_576

/** Reads a YAML file of settings, or returns its problems. The settings are not validated. */
export async function readConfigurationFile(
  file: string,
  readFile: (file: string) => string,
): Promise<ConfigurationFile | readonly FileProblem[]> {
  let text: string
  try {
    text = readFile(file)
  } catch (error) {
    return [{ message: `the configuration file cannot be read: ${plainReason(error)}` }]
  }
  if (text.length > maxFileCharacters) return [{ message: 'the configuration file is too large' }]
  // Most servers are configured by flags and variables, and start faster without a YAML parser.
  const { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const lineAt = (offset: number | undefined) => (offset === undefined ? 1 : lineCounter.linePos(offset).line)
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    return faults.map(({ pos, message }) => ({ line: lineAt(pos[0]), message: message.replaceAll(/\s+/g, ' ') }))
  }
  let settings: unknown
  try {
    settings = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return [{ message: error instanceof Error ? error.message : String(error) }]
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    let node: unknown = document.contents
    let line = lineAt(document.contents?.range?.[0])
    for (const part of path) {
      if (isSeq(node) && typeof part === 'number') {
        node = node.items[part]
        if (isMap(node)) line = lineAt(node.range?.[0])
        continue
      }
      const pair = isMap(node)
        ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
        : undefined
      if (pair === undefined) break
      if (isNode(pair.key)) line = lineAt(pair.key.range?.[0])
      node = pair.value
    }
    return line
  }
  return { settings: settings ?? {}, lineOf }
}
