import { terminalText } from '../terminal/terminal-text.ts'
import { jsonText } from './json.ts'
import { tableText } from './table.ts'
import { tsvText } from './tsv.ts'

/** The output formats of az. */
export const outputFormats = ['json', 'jsonc', 'none', 'table', 'tsv', 'yaml', 'yamlc'] as const

export type OutputFormat = (typeof outputFormats)[number]

/** How a document is shown. */
export type Presentation = {
  readonly format: OutputFormat
  /** The documents that a query created. Their members keep the order of the query. */
  readonly isQueried: boolean
  readonly isOrdered: (value: object) => boolean
  readonly hasColor: boolean
  /** The columns of the terminal; undefined if the output is not a terminal. */
  readonly columns: number | undefined
}

/** The document in an output format of az, with the line feed at its end. [knack output.py, azure-cli 2.74.0] */
export async function formatDocument(document: unknown, presentation: Presentation): Promise<string> {
  const { format, hasColor } = presentation
  switch (format) {
    case 'json':
      return `${jsonText(document)}\n`
    case 'jsonc':
      return `${jsonText(document, { hasColor })}\n`
    case 'yaml':
    case 'yamlc': {
      const { yamlText } = await import('./yaml.ts')
      return yamlText(document, { hasColor: format === 'yamlc' && hasColor })
    }
    case 'table':
      return tableText(document, presentation)
    case 'tsv': {
      const text = tsvText(document, presentation.isOrdered)
      return presentation.columns === undefined ? text : terminalText(text)
    }
    case 'none':
      return ''
  }
}
