import { createContext, runInContext } from 'node:vm'
import { WrongUsageError, failure } from '../../../framework/command/failure.ts'
import { valueAt } from '../../../framework/values/shape.ts'

/** A filter selects repositories and tags. */
export type Filter = {
  readonly text: string
  /** The repository, if the filter names exactly one. */
  readonly repository: string | undefined
  readonly repositories: RegExp
  readonly tags: RegExp
}

const maxLength = 1000

/**
 * Parses `REPOSITORY:TAG`, two regular expressions: the first matches the whole name of a repository, the second any part of
 * a tag. [acr-cli, purge --filter]
 *
 * @throws WrongUsageError
 */
export function parseFilter(text: string): Filter {
  const at = separators(text)
  const [first] = at
  if (text.length > maxLength || first === undefined || at.length > 1 || first === 0 || first === text.length - 1)
    throw new WrongUsageError(
      `the filter '${text}' is not of the form REPOSITORY:TAG`,
      "use two regular expressions with a colon between them, such as 'team/app:^dev-.*'",
    )
  const repository = text.slice(0, first)
  return {
    text,
    repository: /^[a-z0-9/_-]+$/.test(repository) ? repository : undefined,
    repositories: expression(text, repository, (source) => `^(?:${source})$`),
    tags: expression(text, text.slice(first + 1), (source) => source),
  }
}

/** The colons that are neither in a character class, nor part of a group such as `(?:`, nor escaped. */
function separators(text: string): readonly number[] {
  const masked = text
    .replaceAll(/\\./g, '..')
    .replaceAll(/\[[^\]]*\]/g, (part) => '.'.repeat(part.length))
    .replaceAll(/\(\?[a-z-]*:/g, (part) => '.'.repeat(part.length))
  return [...masked.matchAll(/:/g)].map(({ index }) => index)
}

/**
 * Compiles an expression strictly, so that no part of the expression is silently reinterpreted. `(?i)` may precede the
 * expression, as in RE2.
 */
function expression(filter: string, source: string, whole: (source: string) => string): RegExp {
  const ignoresCase = source.startsWith('(?i)')
  try {
    return new RegExp(whole(ignoresCase ? source.slice('(?i)'.length) : source), ignoresCase ? 'iu' : 'u')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WrongUsageError(`the filter '${filter}' is not valid: ${reason}`)
  }
}

/**
 * The names that match at least one of the expressions. The time of a regular expression can be exponential in the
 * length of the name, so the function interrupts the evaluation after `timeoutSeconds`.
 *
 * @throws CommandFailure after that time
 */
export function matching(
  names: readonly string[],
  expressions: readonly RegExp[],
  timeoutSeconds: number,
): readonly string[] {
  const context = createContext({ names, expressions })
  const code = 'names.map((name) => expressions.some((each) => each.test(name)))'
  try {
    const matches = runInContext(code, context, { timeout: timeoutSeconds * 1000 }) as readonly boolean[]
    return names.filter((_, index) => matches[index] === true)
  } catch (error) {
    // The error belongs to the other context, and is not an instance of Error.
    if (valueAt(error, 'code') !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw failure(
      `a filter took longer than ${timeoutSeconds} s`,
      'avoid nested repetitions such as (a+)+, or set --filter-timeout-seconds',
      error,
    )
  }
}
