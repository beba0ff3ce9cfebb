import type { EventEmitter } from 'node:events'
import { type Command as Parser, InvalidArgumentError, Option } from 'commander'
import { type Command, type ExitCodeTexts, type FlagDescription, azExitCodes } from '../command/command.ts'
import { WrongUsageError } from '../command/failure.ts'
import type { CommandRow } from '../command/row.ts'
import { outputFormats } from '../output/formats.ts'

/** The heading of the common options in the help. */
export const commonOptionsHeading = 'Common options:'

/** Runs a command with its parsed flags. */
type Run = (row: CommandRow, command: Command, flags: Record<string, unknown>) => Promise<void>

/** Loads the command of a row, and adds the command's arguments, options and help to a parser. */
export async function addCommand(parser: Parser, row: CommandRow, run: Run): Promise<void> {
  const command = await row.load()
  const { arguments: positional = [], flags = [], about, examples, exitCodes = azExitCodes } = command
  for (const { name, description } of positional) parser.argument(name, description)
  for (const flag of flags) addFlag(parser, flag)
  if (row.prints !== 'itself') addCommonOptions(parser, command)
  withHelp(parser, { ...(about !== undefined && { about }), examples, exitCodes })
  parser.action(async () => {
    const named = parser.registeredArguments.map(
      (argument, index) => [camelCase(argument.name()), parser.processedArgs[index] as unknown] as const,
    )
    await run(row, command, { ...parser.opts(), ...Object.fromEntries(named) })
  })
}

function addFlag(parser: Parser, flag: FlagDescription): void {
  const option = toOption(flag)
  parser.addOption(option)
  for (const alias of flag.aliases ?? []) {
    const [value = ''] = / [<[].*$/.exec(flag.flags) ?? []
    const other = new Option(`${alias}${value}`).hideHelp()
    parser.addOption(other)
    // A parser is an EventEmitter, although its type lacks this base class. The option parses its own value.
    const events = parser as unknown as EventEmitter
    events.on(`option:${other.name()}`, (text) => events.emit(`option:${option.name()}`, text))
  }
}

function toOption(flag: FlagDescription): Option {
  const { flags, description, choices, parse, repeated, required } = flag
  const option = new Option(flags, description).makeOptionMandatory(required === true)
  if (flag.default !== undefined) option.default(flag.default)
  if (choices !== undefined) option.choices(choices)
  if (repeated === true) option.argParser((value, all: string[] | undefined) => [...(all ?? []), value])
  if (parse !== undefined) option.argParser((value) => parsed(value, parse))
  return option
}

function parsed(value: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(value)
  } catch (error) {
    throw error instanceof WrongUsageError ? new InvalidArgumentError(error.message) : error
  }
}

/** The options that az gives to every command. */
function addCommonOptions(parser: Parser, { text }: Command): void {
  const formats = text === undefined ? outputFormats : ['text', ...outputFormats]
  const format = new Option('-o, --output <format>', 'the output format')
    .choices(formats)
    .default(text === undefined ? 'json' : 'text')
    .argParser((value) => requireFormat(value.toLowerCase(), formats))
  const options = [
    format,
    new Option('--query <jmespath>', 'a JMESPath query that selects a part of the result'),
    new Option('--only-show-errors', 'show only errors, and no warnings'),
    new Option('--verbose', 'show the steps of the command'),
    new Option('--debug', 'show every request, without secrets'),
  ]
  for (const option of options) parser.addOption(option.helpGroup(commonOptionsHeading))
}

function requireFormat(format: string, formats: readonly string[]): string {
  if (formats.includes(format)) return format
  throw new InvalidArgumentError(`Allowed choices are ${formats.join(', ')}.`)
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** What the help of a command shows below its options. */
type HelpText = {
  /** What a user must know before using the command. */
  readonly about?: string | undefined
  readonly examples: readonly string[]
  readonly exitCodes?: ExitCodeTexts
}

/** Adds examples and exit codes to the help of a command. */
export function withHelp(parser: Parser, { about, examples, exitCodes = {} }: HelpText): Parser {
  const codes = Object.entries(exitCodes).map(([code, meaning]) => `${code.padEnd(3)} ${meaning}`)
  const sections = [
    ...(about === undefined ? [] : [about.trim()]),
    section('Examples', examples),
    ...(codes.length === 0 ? [] : [section('Exit codes', codes)]),
  ]
  return parser.addHelpText('after', `\n${sections.join('\n\n')}`)
}

function section(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}
