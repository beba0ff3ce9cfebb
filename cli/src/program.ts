import { Command } from 'commander'
import { withHelp } from './help-text.ts'
import { version } from './version.ts'

type Add = (parent: Command) => void

const commands: Readonly<Record<string, { readonly description: string; readonly load: () => Promise<Add> }>> = {
  'identity-endpoint': {
    description: 'provide a managed identity to programs on this machine',
    load: async () => (await import('./identity-endpoint/command.ts')).addIdentityEndpoint,
  },
  acr: {
    description: 'explain denials, and check and list permissions',
    load: async () => (await import('./acr/command.ts')).addAcr,
  },
  audit: {
    description: 'read the audit log and verify its integrity',
    load: async () => (await import('./audit/command.ts')).addAudit,
  },
  backup: {
    description: 'create, verify and restore backups of a server',
    load: async () => (await import('./backup/command.ts')).addBackup,
  },
  owner: {
    description: 'show the first credentials, and restore the access of an owner',
    load: async () => (await import('./owner/command.ts')).addOwner,
  },
  scrub: {
    description: 'verify all stored content, and quarantine corrupt content',
    load: async () => (await import('./scrub/command.ts')).addScrub,
  },
  serve: {
    description: 'start the server',
    load: async () => (await import('./serve.ts')).addServe,
  },
}

/** Creates the program. Only the commands that `isNeeded` selects get their options and subcommands. */
export async function loadProgram(isNeeded: (command: string) => boolean): Promise<Command> {
  const program = new Command('acrux')
    .description("A self-hosted container registry that speaks Azure Container Registry's authentication.")
    .version(version, '--version', 'print the version')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(acrux --help lists the commands)')
  withHelp(program, {
    examples: [
      'acrux serve',
      'acrux serve --help',
      'acrux acr why --last -n contoso',
      'acrux backup create /backup/acrux --data-dir /var/lib/acrux',
    ],
  })
  const versionCommand = program
    .command('version')
    .description('print the versions of acrux and Node')
    .action(() => {
      process.stdout.write(`acrux ${version} (node ${process.versions.node})\n`)
    })
  withHelp(versionCommand, { examples: ['acrux version'] })
  for (const [name, { description, load }] of Object.entries(commands)) {
    if (isNeeded(name)) (await load())(program)
    else program.command(name).description(description)
  }
  return program
}

/** Runs the command line of the process. */
export async function run(): Promise<void> {
  // Loading the server takes time, and the identity endpoint does not need it: load only the named command.
  const words = new Set(process.argv.slice(2))
  const named = words.has('identity-endpoint') ? new Set(['identity-endpoint']) : words
  const program = await loadProgram((command) => named.has(command))
  await program.parseAsync()
}
