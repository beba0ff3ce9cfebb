import { Command } from 'commander'
import { version } from './version.ts'

type Add = (parent: Command) => void

const commands: Readonly<Record<string, { readonly description: string; readonly load: () => Promise<Add> }>> = {
  'identity-endpoint': {
    description: 'give programs on this machine a managed identity',
    load: async () => (await import('./identity-endpoint/command.ts')).addIdentityEndpoint,
  },
  acr: {
    description: 'explain denials and list permissions',
    load: async () => (await import('./acr/command.ts')).addAcr,
  },
  audit: {
    description: 'read the audit log and verify its integrity',
    load: async () => (await import('./audit/command.ts')).addAudit,
  },
  backup: {
    description: 'back up a server, and restore it',
    load: async () => (await import('./backup/command.ts')).addBackup,
  },
  owner: {
    description: 'restore the access of an owner',
    load: async () => (await import('./owner/command.ts')).addOwner,
  },
  scrub: {
    description: 'verify all stored content',
    load: async () => (await import('./scrub/command.ts')).addScrub,
  },
  serve: {
    description: 'serve a registry',
    load: async () => (await import('./serve.ts')).addServe,
  },
}

/** Creates the program. Only the commands that `isNeeded` selects get their options and subcommands. */
export async function loadProgram(isNeeded: (command: string) => boolean): Promise<Command> {
  const program = new Command('acrux')
    .description("A self-hosted container registry that speaks Azure Container Registry's authentication.")
    .version(version, '--version', 'print the version')
    .helpCommand('help [command]', 'show what a command does')
    .showHelpAfterError('(run acrux --help for a list of commands)')
  program
    .command('version')
    .description('print the version of acrux and of Node')
    .action(() => {
      process.stdout.write(`acrux ${version} (node ${process.versions.node})\n`)
    })
  for (const [name, { description, load }] of Object.entries(commands)) {
    if (isNeeded(name)) (await load())(program)
    else program.command(name).description(description)
  }
  return program
}

/** Runs the command line of the process. */
export async function run(): Promise<void> {
  // The server takes time to load, and the identity endpoint does not need it: only the named command is loaded.
  const words = new Set(process.argv.slice(2))
  const named = words.has('identity-endpoint') ? new Set(['identity-endpoint']) : words
  const program = await loadProgram((command) => named.has(command))
  await program.parseAsync()
}
