import { clientVariables } from '../../cli/src/framework/environment/client-variables.ts'
import { azExitCodes } from '../../cli/src/framework/command/command.ts'
import { commonOptionsHeading } from '../../cli/src/framework/parser/parser.ts'
import type { loadProgram } from '../../cli/src/table/table.ts'
import { block, code, table } from './markdown.ts'

type Command = Awaited<ReturnType<typeof loadProgram>>
type Argument = Command['registeredArguments'][number]
type Option = Command['options'][number]

const introduction = `# Command line

\`acrux --help\`, \`acrux COMMAND --help\` and \`acrux COMMAND SUBCOMMAND --help\` print the same texts on a terminal.

- The result is on standard output. Errors, warnings and questions are on standard error, and never in a pipe. An error names its next step.
- Questions, colours and progress bars appear on a terminal only. Without a terminal, a command that must ask fails, and names the option that
  answers, such as \`--yes\`.
- Other users of the machine can see arguments. So set an option for a secret to \`-\`, which reads standard input, or to \`@FILE\`, which reads a
  file.
- [\`acrux completion\`](acrux.md#acrux-completion) prints the completion for bash, zsh and fish.
`

const aboutCommonOptions = `Commands that return a document have these options, with the names and values of \`az\`. The default format of commands whose result is a
text for people is \`text\`; \`-o json\` prints the document. \`--query\` takes [JMESPath](https://jmespath.org). \`--debug\` masks tokens, passwords
and secrets.
`

const aboutExitCodes = `Commands have the exit codes of \`az\`, unless their section says otherwise:
`

const aboutServerCodes = `Commands of the server, such as \`acrux serve\` and \`acrux backup\`, have [more exit codes](../errors.md#exit-codes).
`

const aboutVariables = `These variables are for the commands that ask a server. The variables of \`acrux serve\` and of the commands that take \`--data-dir\` are the
[settings](../configuration.md).
`

/** The pages of the command line, by the names of their files: an overview, and a page for each group of commands. */
export function cliPages(program: Command): Readonly<Record<string, string>> {
  const groups = groupsOf(program, [program.name()])
  const overview = [introduction, groupTable(groups), commonOptions(program), exitCodes(), variables()]
  return {
    'index.md': overview.join('\n'),
    ...Object.fromEntries(groups.map((group) => [`${group.path.join('-')}.md`, groupPage(group)])),
  }
}

/** A group of commands with a page of its own: a deeper group is a part of the page of the group above it. */
type Group = { readonly path: readonly string[]; readonly command: Command }

/** The words of the path of a group with a page of its own, such as `acrux acr repository`. */
const maxPageDepth = 3

function groupsOf(command: Command, path: readonly string[]): Group[] {
  const inner = command.commands.filter(isGroup)
  const below = path.length === maxPageDepth ? [] : inner.flatMap((child) => groupsOf(child, [...path, child.name()]))
  return [{ path, command }, ...below]
}

function isGroup(command: Command): boolean {
  return command.commands.length > 0
}

function groupTable(groups: readonly Group[]): string {
  const rows = groups.map(({ path, command }) => [
    `[${code(path.join(' '))}](${path.join('-')}.md)`,
    path.length === 1 ? 'The commands that are in no group.' : sentence(command.description()),
  ])
  return `## Commands\n\n${table(['commands', 'purpose'], rows)}`
}

/** The page of a group: its options that all commands share, then its commands, and those of the groups below that have no page. */
function groupPage({ path, command }: Group): string {
  const commands = commandsOn(command, path)
  const shared = sharedOptions(commands.map(({ command }) => command))
  const about = path.length === 1 ? 'The commands that are in no group.' : sentence(command.description())
  return [
    `# ${path.join(' ')}\n`,
    `${about} The [common options and exit codes](index.md) apply to all commands.\n`,
    ...(path.length === 1 ? [] : [afterText(command)]),
    shared.length === 0 ? '' : `All commands of this page have these options:\n\n${optionTable(shared)}`,
    ...commands.map((each) => commandSection(each, new Set(shared.map(optionKey)))),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function commandsOn(command: Command, path: readonly string[]): Group[] {
  return command.commands.flatMap((child): Group[] => {
    const childPath = [...path, child.name()]
    if (!isGroup(child)) return [{ path: childPath, command: child }]
    return path.length < maxPageDepth ? [] : commandsOn(child, childPath)
  })
}

function optionKey(option: Option): string {
  return `${option.flags}\n${descriptionOf(option)}`
}

/** The options that every one of several commands has, with the same description. */
function sharedOptions(commands: readonly Command[]): Option[] {
  const [first, ...others] = commands.map((command) => visibleOptions(command).filter((option) => !isCommon(option)))
  if (first === undefined || others.length === 0) return []
  return first.filter((option) =>
    others.every((options) => options.some((other) => optionKey(other) === optionKey(option))),
  )
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

function commandSection({ command, path }: Group, shared: ReadonlySet<string>): string {
  const name = path.join(' ')
  const own = visibleOptions(command).filter((option) => !isCommon(option) && !shared.has(optionKey(option)))
  const parts = [
    `## ${name}\n`,
    `${sentence(command.description())}\n`,
    block(`${name} ${command.usage()}`),
    argumentTable(command.registeredArguments),
    optionTable(own),
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
    // The links of settings are relative to the folder of the references.
    sentence(description).replaceAll(/\]\((?!https?:)/g, '](../'),
    mandatory ? 'Required.' : '',
    argChoices === undefined ? '' : `One of ${argChoices.map(code).join(', ')}.`,
    defaultValue === undefined ? '' : `Default: ${code(String(defaultValue))}.`,
  ]
    .filter((text) => text !== '')
    .join(' ')
}

/** The exit codes of most commands, as their help prints them. The overview has them. */
const usualExitCodes = new RegExp(
  String.raw`Exit codes:\n${Object.entries(azExitCodes)
    .map(([number, meaning]) => String.raw` +${number} +${meaning}\n?`)
    .join('')}(?=\n|$)`,
)

/** The text that the help of a command has after its options: notes, examples, unusual exit codes. */
function afterText(command: Command): string {
  let text = ''
  const writeOut = (part: string): void => {
    text += part
  }
  command.configureOutput({ writeOut }).outputHelp()
  const after = text.replace(command.helpInformation(), '').replace(usualExitCodes, '')
  return after.trim() === '' ? '' : block(after, 'text')
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.:]$/.test(first) || first === '' ? first : `${first}.`
}
