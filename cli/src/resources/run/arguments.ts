import type { FlagDescription } from '../../framework/command/command.ts'

/** The parsed options of a command as arguments of another process, in the order of their descriptions. */
export function argumentsOf(
  descriptions: readonly FlagDescription[],
  flags: Readonly<Record<string, unknown>>,
): readonly string[] {
  return descriptions.flatMap(({ flags: names }) => {
    const [option = ''] = /--[\w-]+/.exec(names) ?? []
    const value = flags[option.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    if (value === undefined || value === false) return []
    if (value === true) return [option]
    // A value may begin with a hyphen.
    return (Array.isArray(value) ? value : [value]).map((each) => `${option}=${String(each)}`)
  })
}
