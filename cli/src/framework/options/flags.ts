import type { FlagDescription } from '../command/command.ts'
import { WrongUsageError } from '../command/failure.ts'

/** Selects the subscription, as az's common option does. */
export type SubscriptionFlags = { readonly subscription?: string }

/** Describes {@link SubscriptionFlags}. */
export const subscriptionFlag: FlagDescription = {
  flags: '--subscription <id>',
  description: 'the id or name of the subscription. Default: the active subscription',
}

/** An option that is a switch, or takes `true` or `false`. Without a value, it is true. */
export function booleanFlag(name: string, description: string): FlagDescription {
  const parse = (text: string): boolean => choice(['true', 'false'])(text) === 'true'
  return { flags: `${name} [true|false]`, description, parse }
}

/** An option with one of several values, in any case. */
export function choiceFlag(flags: string, choices: readonly string[], description: string): FlagDescription {
  return { flags, choices, description, parse: choice(choices) }
}

/** An option with a whole number. */
export function numberFlag(flags: string, description: string): FlagDescription {
  return {
    flags,
    description,
    parse: (text) => {
      if (/^[+-]?\d{1,15}$/.test(text)) return Number(text)
      throw new WrongUsageError(`invalid int value: '${text}'`)
    },
  }
}

/** A switch of az's newer commands, which also takes a word for true or false. */
export function wordFlag(name: string, description: string): FlagDescription {
  const [yes, no] = [
    ['true', 't', 'yes', 'y', '1'],
    ['false', 'f', 'no', 'n', '0'],
  ] as const
  const choices = [...yes, ...no]
  return {
    flags: `${name} [word]`,
    description,
    choices,
    parse: (text) => (yes as readonly string[]).includes(choice(choices)(text)),
  }
}

/** An option with a whole number in a range. */
export function rangeFlag(
  flags: string,
  description: string,
  [min, max]: readonly [min: number, max: number],
): FlagDescription {
  return {
    flags,
    description,
    parse: (text) => {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN
      if (number >= min && number <= max) return number
      throw new WrongUsageError(`The value must be a whole number from ${min} to ${max}.`)
    },
  }
}

function choice(choices: readonly string[]): (text: string) => string {
  return (text) => {
    const found = choices.find((each) => each.toLowerCase() === text.toLowerCase())
    if (found !== undefined) return found
    throw new WrongUsageError(`invalid choice: '${text}'. Allowed values: ${choices.join(', ')}.`)
  }
}

/** The option that only shows a change. */
export const dryRunFlag: FlagDescription = { flags: '--dry-run', description: 'only show the changes' }

/** The option that confirms a change. */
export const yesFlag: FlagDescription = { flags: '-y, --yes', description: 'do not ask for a confirmation' }

/** The option with the tags of a resource. */
export const tagsFlag: FlagDescription = {
  flags: '--tags [tag...]',
  description: "tags in the form name=value, separated by spaces. '' removes all tags",
  repeated: true,
}

/** The tags of the option. A tag without a value has an empty value. */
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
