import { groups } from '../../cli/src/table/groups.ts'
import { commands, loadProgram } from '../../cli/src/table/table.ts'

// Prints the rows of all groups and commands, with the options of the commands, also those that the help does not show, as JSON.

type Command = Awaited<ReturnType<typeof loadProgram>>

type Option = Command['options'][number]

function valuesOf({ variadic, required, optional }: Option): string {
  if (variadic) return 'many'
  if (required) return 'one'
  return optional ? 'optional' : 'none'
}

function choicesOf({ flags, argChoices = [] }: Option): readonly string[] {
  return flags.endsWith('[true|false]') ? ['false', 'true'] : argChoices.toSorted()
}

function optionsOf(command: Command, path: string): readonly (readonly [path: string, options: object[]])[] {
  if (command.commands.length > 0)
    return command.commands.flatMap((child) => optionsOf(child, `${path} ${child.name()}`.trimStart()))
  const options = command.options.map((option) => ({
    names: [option.short, option.long].filter((name) => name !== undefined),
    required: option.mandatory,
    values: valuesOf(option),
    choices: choicesOf(option),
  }))
  const positional = command.registeredArguments.map((argument) => ({
    names: [],
    required: argument.required,
    values: argument.variadic ? 'many' : argument.required ? 'one' : 'optional',
    choices: [],
  }))
  return [[path, [...options, ...positional]]]
}

const options = Object.fromEntries(optionsOf(await loadProgram(() => true), ''))
const rows = commands.map((row) => ({ ...row, options: options[row.path] }))
process.stdout.write(JSON.stringify({ groups, commands: rows }))
