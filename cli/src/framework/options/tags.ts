import type { FlagDescription } from '../command/command.ts'

/** The option with the tags of a resource. */
export const tagsFlag: FlagDescription = {
  flags: '--tags [tag...]',
  description: "tags in the form name=value, separated by spaces. '' removes all tags",
  repeated: true,
}

/** The tags of the option. A tag without a value has an empty one. */
export function tagsOf(given: readonly string[] | true | undefined): Readonly<Record<string, string>> | undefined {
  if (given === undefined) return undefined
  const texts = given === true ? [] : given.filter((text) => text !== '')
  return Object.fromEntries(
    texts.map((text) => {
      const [name = '', ...value] = text.split('=')
      return [name, value.join('=')]
    }),
  )
}
