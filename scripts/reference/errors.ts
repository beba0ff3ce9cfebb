import { graphErrors } from '../../server/src/graph/protocol/errors.ts'
import { entraErrors } from '../../server/src/identity/tokens/errors.ts'
import { upstreamErrors } from '../../server/src/issuers/upstream/errors.ts'
import { armErrors } from '../../server/src/management/arm/errors.ts'
import { exitCodes } from '../../shared/src/texts/startup-error.ts'
import { pageErrors } from '../../server/src/sign-in/flow/errors.ts'
import { ociErrors } from '@acrux/shared/standards/oci/oci-error.ts'

type Cells = readonly string[]

/** A table of the page whose first columns come from the code. The other columns are written by hand. */
type ErrorTable = {
  /** The line of the page after which the table is. */
  readonly after: string
  /** The errors that the code has. Each needs a row. */
  readonly keys: ReadonlySet<string>
  /** The keys of a row, and the row with the columns that are generated. */
  readonly rewrite: (cells: Cells) => { readonly keys: readonly string[]; readonly cells: Cells }
}

/** Codes of the OCI specification that the server never sends. */
const unusedCodes = new Set(['MANIFEST_UNVERIFIED'])

/** Statuses of `/v2/*`, `/acr/v1/*` and `/oauth2/*` that are not the usual ones of their code. */
const otherStatuses: Readonly<Record<string, readonly number[]>> = {
  BAD_REQUEST: [413, 415],
  MANIFEST_INVALID: [413],
  TAG_INVALID: [414],
  UNAVAILABLE: [507],
}

const tables: readonly ErrorTable[] = [
  codeTable('## The registry and its token service', [
    ...Object.entries(ociErrors)
      .filter(([code]) => !unusedCodes.has(code))
      .map(([code, { status }]) => ({ code, status })),
    ...Object.entries(otherStatuses).flatMap(([code, statuses]) => statuses.map((status) => ({ code, status }))),
  ]),
  providerTable('## The identity provider', Object.values(entraErrors)),
  titleTable('## The sign-in pages', Object.values(pageErrors)),
  titleTable(
    "These errors can occur during a sign-in at an organisation's identity provider:",
    Object.values(upstreamErrors),
  ),
  codeTable('## The management API and the directory', [...Object.values(armErrors), ...Object.values(graphErrors)]),
  numberTable('## Exit codes', Object.values(exitCodes)),
]

/**
 * Renders `docs/reference/errors.md`: the present page with the codes, numbers, titles and statuses of the code.
 *
 * @throws if an error has no row, or a row no error
 */
export function errorsReference(page: string): string {
  return tables.reduce(rewriteTable, page)
}

function rewriteTable(page: string, { after, keys, rewrite }: ErrorTable): string {
  const lines = page.split('\n')
  const begin = lines.findIndex((line, index) => index > lines.indexOf(after) && line.startsWith('| ')) + 2
  const end = lines.findIndex((line, index) => index >= begin && !line.startsWith('|'))
  if (!lines.includes(after) || begin === 1) throw new Error(`docs/reference/errors.md has no table after: ${after}`)
  const rows = lines.slice(begin, end).map((line) => rewrite(cellsOf(line)))
  const present = new Set(rows.flatMap((row) => row.keys))
  const missing = [...keys].filter((key) => !present.has(key))
  const unknown = [...present].filter((key) => !keys.has(key))
  if (missing.length > 0) throw new Error(`docs/reference/errors.md, ${after}: no row for ${missing.join(', ')}`)
  if (unknown.length > 0) throw new Error(`docs/reference/errors.md, ${after}: the code has no ${unknown.join(', ')}`)
  const written = rows.map(({ cells }) => `| ${cells.join(' | ')} |`)
  return [...lines.slice(0, begin), ...written, ...lines.slice(end)].join('\n')
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}

function statusText(statuses: readonly number[]): string {
  return [...new Set(statuses)].toSorted((one, other) => one - other).join(', ')
}

/** Rows of codes: `CODE`, `CODE` | statuses | … */
function codeTable(after: string, errors: readonly { readonly code: string; readonly status: number }[]): ErrorTable {
  return {
    after,
    keys: new Set(errors.map(({ code }) => code)),
    rewrite: ([codes = '', _status, ...rest]) => {
      const keys = [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => code)
      const statuses = errors.filter(({ code }) => keys.includes(code)).map(({ status }) => status)
      return { keys, cells: [codes, statusText(statuses), ...rest] }
    },
  }
}

type ProviderError = { readonly number: number; readonly status: number; readonly error: string }

/** Rows of numbers with OAuth's error codes: number, number | statuses `error` | … */
function providerTable(after: string, errors: readonly ProviderError[]): ErrorTable {
  const keyOf = (number: number, error: string) => `${number} ${error}`
  return {
    after,
    keys: new Set(errors.map(({ number, error }) => keyOf(number, error))),
    rewrite: ([numbers = '', status = '', ...rest]) => {
      const named = numbers.split(', ').map(Number)
      const ofNumbers = errors.filter(({ number }) => named.includes(number))
      // An error that is shown as a page has no code.
      if (status === 'page')
        return { keys: ofNumbers.map(({ number, error }) => keyOf(number, error)), cells: [numbers, status, ...rest] }
      const codes = [...status.matchAll(/`(\w+)`/g)].map(([, code = '']) => code)
      const found = ofNumbers.filter(({ error }) => codes.includes(error))
      const unused = codes.filter((code) => !found.some(({ error }) => error === code))
      const unknown = named.filter((number) => !found.some((error) => error.number === number))
      const keys = [...found.map(({ number, error }) => keyOf(number, error)), ...unused, ...unknown.map(String)]
      const codeText = codes.map((code) => `\`${code}\``).join(', ')
      return { keys, cells: [numbers, `${statusText(found.map((error) => error.status))} ${codeText}`, ...rest] }
    },
  }
}

type PageRow = { readonly title: string; readonly status: number; readonly number?: number | undefined }

/** Rows of titles: title (number) | status | … A row that begins with something else is left as it is. */
function titleTable(after: string, errors: readonly PageRow[]): ErrorTable {
  return {
    after,
    keys: new Set(errors.map(({ title }) => title)),
    rewrite: (cells) => {
      const [says = '', _status, ...rest] = cells
      const title = says.replace(/ \(\d+\)$/, '')
      const row = errors.find((error) => error.title === title)
      if (row === undefined) return { keys: /^[(–]/.test(says) ? [] : [title], cells }
      const number = row.number === undefined ? '' : ` (${row.number})`
      return { keys: [title], cells: [`${title}${number}`, String(row.status), ...rest] }
    },
  }
}

/** Rows of numbers. */
function numberTable(after: string, numbers: readonly number[]): ErrorTable {
  return {
    after,
    keys: new Set(numbers.map(String)),
    rewrite: (cells) => ({ keys: [cells[0] ?? ''], cells }),
  }
}
