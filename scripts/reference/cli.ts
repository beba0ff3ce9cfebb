import { clientVariables } from '../../cli/src/framework/environment/client-variables.ts'
import { azExitCodes } from '../../cli/src/framework/command/command.ts'
import { commonOptionsHeading } from '../../cli/src/framework/parser/parser.ts'
import type { loadProgram } from '../../cli/src/table/table.ts'
import { block, code, table } from './markdown.ts'

type Command = Awaited<ReturnType<typeof loadProgram>>
type Argument = Command['registeredArguments'][number]
type Option = Command['options'][number]

const introduction = `# Command line

<!-- Generated from the help of the commands by scripts/reference/cli.ts: run \`npm run generate\`. -->

\`acrux --help\`, \`acrux COMMAND --help\` and \`acrux COMMAND SUBCOMMAND --help\` print the same on a terminal. Every command has \`--help\`.

- The result is on standard output. Errors, warnings and questions are on standard error, and never in a pipe. An error names its next step.
- Questions, colours and progress bars appear on a terminal only. Without a terminal, a command that must ask fails, and names the option that
  answers, such as \`--yes\`.
- Other users of the machine can see arguments. So set an option for a secret to \`-\`, which reads standard input, or to \`@FILE\`, which reads a file.

The [common options](#common-options), [exit codes](#exit-codes) and [environment variables](#environment-variables) come first, then
all commands. [\`acrux completion\`](#acrux-completion) prints the completion for bash, zsh and fish.
`

const aboutCommonOptions = `Commands that return a document have these options, with the names and values of \`az\`. The default format of commands whose result is a
text for people is \`text\`; \`-o json\` prints the document. \`--query\` takes [JMESPath](https://jmespath.org). \`--debug\` masks tokens, passwords
and secrets.
`

const aboutExitCodes = `The help of each command lists its exit codes. Unless it says otherwise, they are those of \`az\`:
`

const aboutServerCodes = `Commands of the server, such as \`acrux serve\` and \`acrux backup\`, have [more exit codes](errors.md#exit-codes).
`

const aboutVariables = `These variables are for the commands that ask a server. The variables of \`acrux serve\` and of the commands that take \`--data-dir\` are the
[settings](configuration.md).
`

/** Renders `docs/reference/cli.md` from the commands themselves. */
export function cliReference(program: Command): string {
  const commands = program.commands.flatMap((command) => withSubcommands(command, [program.name()]))
  const general = [optionTable(visibleOptions(program)), commonOptions(program), exitCodes(), variables()]
  return [introduction, ...general, ...commands].join('\n')
}

/** The options that commands have in common, as the first of them describes them. */
function commonOptions(program: Command): string {
  const all = program.commands.flatMap((command) => [command, ...command.commands])
  const options = all.map((command) => visibleOptions(command).filter(isCommon)).find(({ length }) => length > 0)
  return `## Common options\n\n${aboutCommonOptions}\n${optionTable(options ?? [])}`
}

function exitCodes(): string {
  const rows = Object.entries(azExitCodes).map(([number, meaning]) => [code(number), sentence(meaning)])
  return `## Exit codes\n\n${aboutExitCodes}\n${table(['code', 'meaning'], rows)}\n${aboutServerCodes}`
}

function variables(): string {
  const rows = clientVariables.map(({ name, description }) => [code(name), sentence(description)])
  return `## Environment variables\n\n${aboutVariables}\n${table(['variable', 'meaning'], rows)}`
}

function isCommon({ helpGroupHeading }: Option): boolean {
  return helpGroupHeading === commonOptionsHeading
}

function withSubcommands(command: Command, parents: readonly string[]): string[] {
  const path = [...parents, command.name()]
  return [commandSection(command, path), ...command.commands.flatMap((child) => withSubcommands(child, path))]
}

function commandSection(command: Command, path: readonly string[]): string {
  const name = path.join(' ')
  const isGroup = command.commands.length > 0
  const parts = [
    `${'#'.repeat(path.length)} ${name}\n`,
    `${sentence(command.description())}\n`,
    ...(isGroup ? [] : [block(`${name} ${command.usage()}`)]),
    argumentTable(command.registeredArguments),
    optionTable(visibleOptions(command).filter((option) => !isCommon(option))),
    afterText(command),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function argumentTable(arguments_: readonly Argument[]): string {
  const described = arguments_.filter(({ description }) => description !== '')
  if (described.length === 0) return ''
  return table(
    ['argument', 'description'],
    described.map((argument) => [code(argument.name()), sentence(argument.description)]),
  )
}

function visibleOptions(command: Command): Option[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
}

function optionTable(options: readonly Option[]): string {
  if (options.length === 0) return ''
  return table(
    ['option', 'description'],
    options.map((option) => [code(option.flags), descriptionOf(option)]),
  )
}

function descriptionOf({ description, argChoices, defaultValue, mandatory }: Option): string {
  return [
    sentence(description),
    mandatory ? 'Required.' : '',
    argChoices === undefined ? '' : `One of ${argChoices.map(code).join(', ')}.`,
    defaultValue === undefined ? '' : `Default: ${code(String(defaultValue))}.`,
  ]
    .filter((text) => text !== '')
    .join(' ')
}

/** The text that the help of a command has after its options: notes, examples, exit codes. */
function afterText(command: Command): string {
  let text = ''
  const writeOut = (part: string): void => {
    text += part
  }
  command.configureOutput({ writeOut }).outputHelp()
  const after = text.replace(command.helpInformation(), '')
  return after.trim() === '' ? '' : block(after, 'text')
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.:]$/.test(first) || first === '' ? first : `${first}.`
}
