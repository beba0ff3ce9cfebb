import { Help, Command as Parser } from 'commander'
import type { CommandTable } from '../command/row.ts'
import { version } from '../environment/version.ts'
import { addCommand, withHelp } from './parser.ts'
import { plainLinks } from './plain-links.ts'
import { run as runCommand } from './run.ts'

/**
 * Creates the parser of a table of commands. Only the commands that `isNeeded` selects by their path are loaded and get
 * their options.
 */
export async function createProgram(
  { groups, commands }: CommandTable,
  isNeeded: (path: string) => boolean,
): Promise<Parser> {
  const program = new Parser('acrux')
    .description("A self-hosted container registry that supports Azure Container Registry's authentication.")
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('       the commands: acrux --help')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'acrux: ')) })
    .configureHelp({
      optionDescription(option) {
        return plainLinks(Help.prototype.optionDescription.call(this, option))
      },
    })
    .exitOverride()
  program.version(version, '-v, --version', 'print the version')
  withHelp(program, {
    examples: [
      'acrux serve',
      'acrux serve --help',
      'acrux acr why --last -n contoso',
      'acrux backup create /backup/acrux --data-dir /var/lib/acrux',
    ],
  })
  const parsers = new Map<string, Parser>([['', program]])
  for (const { path, summary, about, examples } of groups) {
    const parser = childOf(parsers, path).description(summary)
    parser.showHelpAfterError(`       the commands: acrux ${path} --help`)
    parsers.set(path, withHelp(parser, { about, examples }))
  }
  for (const row of commands) {
    const { path, summary } = row
    const parser = childOf(parsers, path).description(summary)
    parser.showHelpAfterError(`       the options: acrux ${path} --help`)
    if (isNeeded(path)) await addCommand(parser, row, runCommand)
  }
  return program
}

function childOf(parsers: ReadonlyMap<string, Parser>, path: string): Parser {
  const words = path.split(' ')
  const name = words.at(-1) ?? ''
  const group = words.slice(0, -1).join(' ')
  const parent = parsers.get(group)
  if (parent === undefined) throw new Error(`the command table contains no group ${group}`)
  return parent.command(name)
}
