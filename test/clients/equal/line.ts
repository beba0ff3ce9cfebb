/** A command line that the real az and `acrux` run, one after the other, as the same principal on the same server. */
export type Line = {
  /** The words after `az` or `acrux`. Values in braces are filled in, and `'a b'` is one word. */
  readonly line: string
  /** The exit code of both; 0 by default. */
  readonly code?: 1 | 2 | 3
  /** What both say on standard error. */
  readonly says?: RegExp
  /** Whether the two documents differ in ids, times and secrets, because each command created its own resource. */
  readonly creates?: true
}

/** The values that a line can name. `own` is a word of each client, of the same length for both. */
export type Values = Readonly<Record<string, string>>

/** The arguments of a line. @throws Error for a value that is not known */
export function argumentsOf(line: string, values: Values): string[] {
  const filled = line.replaceAll(/\{([a-zA-Z]+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the line names {${name}}, which has no value: ${line}`)
    return value
  })
  return [...filled.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
}

/** What a line printed, without what must differ between the two clients. Lists of what both created are compared as they are. */
export function comparable({ line, creates }: Line, text: string, own: string): string {
  const named = line.includes('{own}') ? text.replaceAll(own, '*'.repeat(own.length)) : text
  if (creates !== true) return named
  return named
    .replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '<guid>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?/g, '<time>')
    .replaceAll(/"[\w~.+/-]{40,}={0,2}"/g, '"<secret>"')
}
